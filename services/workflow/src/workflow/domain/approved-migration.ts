import type { WorkflowEvent } from '@countersign/contracts';
import { ExpressionError } from '@countersign/expressions';
import { rule } from '@countersign/kernel';
import {
  type ApprovalLevel,
  type CompiledDefinition,
  levelOf,
  strengthOf,
} from '@countersign/state-machine';

import { advance } from './advance.js';
import { type Cause, Draft } from './draft.js';
import { carryOut, migrationPolicy, migrationProblems } from './interventions.js';
import { running, type WorkflowState } from './state.js';

/** A migration of many instances that a second person has agreed to as a whole. */
export interface ApprovedMigration {
  readonly approvalId: string;
  /** Of the approval that was given. */
  readonly level: ApprovalLevel;
  readonly reason: string;
  readonly templateVersion: number;
  readonly definitionHash: string;
  readonly target: CompiledDefinition;
  /** Where an instance in a state goes, when not to the state of the same name. */
  readonly states: Readonly<Record<string, string>>;
}

/** Where a migration takes an instance that is in a state. */
export function migratedState(states: Readonly<Record<string, string>>, state: string): string {
  return Object.hasOwn(states, state) ? (states[state] ?? state) : state;
}

/**
 * Lets an instance follow another version, on an approval that was given beforehand.
 *
 * @throws AppError `workflow.ended`, `workflow.is-draft`, `workflow.intervention-pending`,
 *   `workflow.migration-impossible`, `bulk-job.follows-already`, `bulk-job.has-overrides`; `bulk-job.stronger-approval-needed` when the
 *   instance has come to where more people would have to agree than have
 */
export function applyApprovedMigration(
  state: WorkflowState,
  migration: ApprovedMigration,
  definition: CompiledDefinition,
  cause: Cause,
): readonly WorkflowEvent[] {
  const current = running(state);
  const { target, states, level, ...agreed } = migration;
  const to = migratedState(states, current.state);
  if (current.definitionHash === agreed.definitionHash && to === current.state) {
    throw rule('bulk-job.follows-already', 'it follows this version already');
  }
  if (current.status === 'DRAFT') {
    throw rule('workflow.is-draft', 'a draft has not begun: cancel it instead');
  }
  if (current.intervention) {
    const { kind, approvalId } = current.intervention;
    throw rule('workflow.intervention-pending', `a ${kind} waits for its approval already`, {
      details: { approvalId },
    });
  }
  const problems = migrationProblems(current, to, target);
  if (problems.length > 0) {
    throw rule('workflow.migration-impossible', problems.join('; '), { details: { problems } });
  }
  if (current.overrides) {
    throw rule('bulk-job.has-overrides', 'it has approvals of its own: migrate it by itself');
  }
  const needed = levelOf(migrationPolicy(definition, target, to));
  if (strengthOf(needed) > strengthOf(level)) {
    const message = `${to} takes an approval of level ${needed}, and this one was ${level}`;
    throw rule('bulk-job.stronger-approval-needed', message, { details: { needed, level } });
  }
  const draft = new Draft(current, definition, cause);
  try {
    carryOut(draft, { kind: 'migration', to, ...agreed }, target);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw rule('workflow.migration-impossible', error.message, { cause: error });
  }
  advance(draft);
  return draft.events;
}
