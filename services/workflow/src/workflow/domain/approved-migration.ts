import type { WorkflowEvent } from '@countersign/contracts';
import { rule } from '@countersign/kernel';
import {
  type ApprovalPolicy,
  approvalsNeeded,
  type CompiledDefinition,
  roundsOf,
} from '@countersign/state-machine';

import { advance } from './advance.js';
import { blamingCaller } from './culprit.js';
import { type Cause, Draft } from './draft.js';
import { migrationPolicy } from './intervention-policy.js';
import { carryOut, migrationProblems } from './interventions.js';
import { running, type WorkflowState } from './state.js';

/** A migration of many instances that a second person has agreed to as a whole. */
export interface ApprovedMigration {
  readonly approvalId: string;
  /** What was asked for, and who gave it. */
  readonly policy: ApprovalPolicy;
  readonly approvers: readonly string[];
  readonly reason: string;
  readonly templateVersion: number;
  readonly definitionHash: string;
  readonly target: CompiledDefinition;
  /** Where an instance in a state goes, when not to the state of the same name. */
  readonly states: Readonly<Record<string, string>>;
}

/** Of administrators, who are asked in one round. */
function peopleOf(policy: ApprovalPolicy): number {
  return Math.max(...roundsOf(policy).map((round) => approvalsNeeded(round)));
}

/** Where a migration takes an instance that is in a state. */
export function migratedState(states: Readonly<Record<string, string>>, state: string): string {
  return Object.hasOwn(states, state) ? (states[state] ?? state) : state;
}

/**
 * Lets an instance follow another version, on an approval that was given beforehand.
 *
 * @throws AppError `workflow.ended`, `workflow.is-draft`, `workflow.intervention-pending`,
 *   `workflow.migration-impossible`, `bulk-job.follows-already`; `bulk-job.stronger-approval-needed` when the instance has come
 *   to where more people would have to agree than were asked; `bulk-job.approved-by-editors` when too few of those who agreed
 *   have no part in what the instance is
 */
export function applyApprovedMigration(
  state: WorkflowState,
  migration: ApprovedMigration,
  definition: CompiledDefinition,
  cause: Cause,
): readonly WorkflowEvent[] {
  const current = running(state);
  const { target, states, policy, approvers, ...agreed } = migration;
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
  const needed = peopleOf(migrationPolicy(definition, target, current, to));
  const asked = peopleOf(policy);
  if (needed > asked) {
    const message = `${to} takes an approval by ${needed} people, and this one was by ${asked}`;
    throw rule('bulk-job.stronger-approval-needed', message, { details: { needed, asked } });
  }
  const personOf = (id: string) => cause.organisation.personOf(id);
  const makers = new Set(current.editors.map(personOf));
  const agreeing = [...new Set(approvers.map(personOf))];
  const editors = agreeing.filter((person) => makers.has(person));
  if (agreeing.length - editors.length < needed) {
    const message = `${editors.join(', ')} may not decide about what they started or changed`;
    throw rule('bulk-job.approved-by-editors', message, { details: { editors, needed } });
  }
  const draft = new Draft(current, definition, cause);
  blamingCaller(target, 'workflow.migration-impossible', () => {
    carryOut(draft, { kind: 'migration', to, decidedBy: approvers, ...agreed }, target);
  });
  advance(draft);
  return draft.events;
}
