import type {
  Directory,
  Finding,
  ValidationOptions,
  WorkflowDefinition,
} from '@countersign/state-machine';

/** What the analysis thread is asked. */
export interface AnalysisQuestion {
  readonly id: number;
  readonly definition: WorkflowDefinition;
  readonly options: Omit<ValidationOptions, 'directory'>;
  /** The organisation; `as-before` is the one of the question before, which need not be copied again. */
  readonly directory: Directory | 'none' | 'as-before';
}

/** What it says when it has started. */
export const READY = 'ready';

/** What it answers; an error is a fault of the analysis, never of the definition. */
export type AnalysisAnswer =
  | { readonly id: number; readonly findings: Finding[] }
  | { readonly id: number; readonly error: string };
