/** One step of a way through a definition. */
export interface PathStep {
  readonly from: string;
  readonly to: string;
  /** The transition's event, or what else moves the instance. */
  readonly event: string;
  readonly by:
    | 'transition'
    | 'rejection'
    | 'timeout'
    | 'escalation'
    | 'force'
    | 'migration'
    | 'reset'
    /** From template to template; `event` is the state that invokes. */
    | 'invocation';
  /** Level of the approval that the step crosses. */
  readonly approval?: string;
}

/** One thing that is wrong or doubtful about a definition. An error blocks publishing. */
export interface Finding {
  /** Stable, `thing.reason`, e.g. `state.unreachable`. */
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'info';
  /** JSON pointer into the definition (RFC 6901), e.g. `/transitions/3/condition`. */
  readonly path: string;
  readonly message: string;
  /** A way through the definition that shows it, the shortest one. */
  readonly counterexample?: readonly PathStep[];
}

type Shorthand = (code: string, path: string, message: string) => Finding;

/** Shorthands. */
export const error: Shorthand = (code, path, message) => ({
  code,
  severity: 'error',
  path,
  message,
});
export const warning: Shorthand = (code, path, message) => ({
  code,
  severity: 'warning',
  path,
  message,
});
export const info: Shorthand = (code, path, message) => ({ code, severity: 'info', path, message });
