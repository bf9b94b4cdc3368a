import type { WorkflowEvent } from '@countersign/contracts';
import { AppError, hashOf, type JsonObject, messageOf, rule } from '@countersign/kernel';
import {
  administratorsOf,
  type ApprovalPolicy,
  type CompiledDefinition,
  contextProblems,
  levelOf,
  levelToEnter,
  roundsOf,
  SMALLEST_COMMITTEE,
  strengthOf,
  type WorkflowDefinition,
} from '@countersign/state-machine';

import { advance } from './advance.js';
import { type Cause, type Draft } from './draft.js';
import { move } from './move.js';
import {
  type ApprovalOutcome,
  type ExistingWorkflow,
  type Intervention,
  running,
  type WorkflowState,
} from './state.js';

/** What an intervention is about, once it was agreed to. */
type Agreed = Pick<
  Intervention,
  'kind' | 'to' | 'reason' | 'approvalId' | 'context' | 'templateVersion' | 'definitionHash'
>;

/** What somebody wants to do to an instance beside its definition. */
export interface InterventionRequest {
  readonly kind: Intervention['kind'];
  readonly approvalId: string;
  readonly to: string;
  readonly reason: string;
  /** A reset's: the context as it was. */
  readonly context?: JsonObject | undefined;
  /** A migration's: what the instance follows afterwards. */
  readonly target?: {
    readonly templateVersion: number;
    readonly definitionHash: string;
    readonly compiled: CompiledDefinition;
  };
}

/** Why a migration is not possible, or nothing. */
export function migrationProblems(
  { context }: Pick<ExistingWorkflow, 'context'>,
  to: string,
  { definition }: CompiledDefinition,
): string[] {
  const known = definition.states.some(({ name }) => name === to);
  const problems = known ? [] : [`the other version has no state ${to}: map it to one`];
  for (const { at, problem } of contextProblems(definition.contextSchema, context)) {
    problems.push(`context${at} ${problem}`);
  }
  return problems;
}

/**
 * Who has to agree to putting an instance into a state: as many administrators as the approvals that it may get round
 * that way would have taken.
 */
export function interventionPolicy({ definition }: CompiledDefinition, to: string): ApprovalPolicy {
  const level = levelToEnter(definition, to);
  const approvers = [...administratorsOf(definition)];
  return level === 'COMMITTEE'
    ? { level, quorum: largestCommittee(definition), approvers }
    : { level, approvers };
}

/**
 * Who has to agree to a migration: the administrators by the definition that the instance follows now. As many as by
 * either definition, and as every protection takes that the other one no longer has.
 */
export function migrationPolicy(
  from: CompiledDefinition,
  target: CompiledDefinition,
  to: string,
): ApprovalPolicy {
  const { protected: kept = [], states } = target.definition;
  const lost = (from.definition.protected ?? []).filter(
    ({ state, level }) =>
      states.some(({ name }) => name === state) &&
      !kept.some((other) => other.state === state && strengthOf(other.level) >= strengthOf(level)),
  );
  const known = from.definition.states.some(({ name }) => name === to);
  const policies = [
    ...(known ? [interventionPolicy(from, to)] : []),
    ...lost.map(({ state }) => interventionPolicy(from, state)),
  ];
  const most = strongest(interventionPolicy(target, to), policies);
  return { ...most, approvers: [...administratorsOf(from.definition)] };
}

/** The policy of the highest level, and of the largest committee among several of that. */
export function strongest(
  first: ApprovalPolicy,
  others: readonly ApprovalPolicy[],
): ApprovalPolicy {
  const strength = (policy: ApprovalPolicy) => strengthOf(levelOf(policy));
  const size = ({ quorum }: ApprovalPolicy) => (typeof quorum === 'number' ? quorum : 0);
  return others.reduce(
    (most, other) =>
      strength(other) > strength(most) ||
      (strength(other) === strength(most) && size(other) > size(most))
        ? other
        : most,
    first,
  );
}

/** As many people as any committee of the definition. */
function largestCommittee({ transitions }: WorkflowDefinition): number {
  const quorums = transitions.flatMap(({ requiresApproval }) =>
    requiresApproval === undefined ? [] : roundsOf(requiresApproval).map(({ quorum }) => quorum),
  );
  return Math.max(SMALLEST_COMMITTEE, ...quorums.filter((quorum) => typeof quorum === 'number'));
}

/**
 * Asks for an intervention. A second person has to agree.
 *
 * @throws AppError `workflow.not-found`, `workflow.ended`, `workflow.is-draft`, `workflow.intervention-pending`, `workflow.already-there`, `workflow.unknown-state`,
 *   `workflow.migration-impossible` with `details.problems`
 */
export function requestIntervention(
  state: WorkflowState,
  request: InterventionRequest,
  definition: CompiledDefinition,
  { requester }: Cause,
): readonly WorkflowEvent[] {
  const current = running(state);
  if (current.status === 'DRAFT') {
    throw rule('workflow.is-draft', 'a draft has not begun: cancel it instead');
  }
  if (current.intervention) {
    const { kind, approvalId } = current.intervention;
    throw rule('workflow.intervention-pending', `a ${kind} waits for its approval already`, {
      details: { approvalId },
    });
  }
  const { kind, approvalId, to, reason, context, target } = request;
  const goal = target?.compiled ?? definition;
  const follows = target?.definitionHash ?? current.definitionHash;
  if (kind !== 'reset' && to === current.state && follows === current.definitionHash) {
    throw rule('workflow.already-there', `the workflow is ${to} and follows that version already`);
  }
  if (target) {
    const problems = migrationProblems(current, to, target.compiled);
    if (problems.length > 0) {
      throw rule('workflow.migration-impossible', problems.join('; '), { details: { problems } });
    }
  } else if (!goal.definition.states.some(({ name }) => name === to)) {
    throw rule('workflow.unknown-state', `there is no state ${to}`);
  }
  const { identity, sequence, state: from } = current;
  const change = {
    kind,
    from,
    to,
    sequence,
    reason,
    ...(context === undefined ? {} : { context }),
    ...(target === undefined
      ? {}
      : { templateVersion: target.templateVersion, definitionHash: target.definitionHash }),
  };
  const { workflowId, template } = identity;
  const { templateVersion, definitionHash } = current;
  const subject = {
    workflowId,
    template,
    ...(identity.businessKey === undefined ? {} : { businessKey: identity.businessKey }),
    following: { templateVersion, definitionHash },
    intervention: change,
    context: current.context,
  };
  return [
    {
      type: 'workflow.intervention-requested',
      data: {
        ...identity,
        ...change,
        approvalId,
        requester,
        editors: [...current.editors],
        policy: target ? migrationPolicy(definition, goal, to) : interventionPolicy(goal, to),
        subject,
        subjectHash: hashOf(subject),
      },
    },
  ];
}

/** Carries out what a second person has agreed to, unless the instance has moved on since. */
export function settleIntervention(
  draft: Draft,
  intervention: Intervention,
  { outcome, reason }: ApprovalOutcome,
  target: CompiledDefinition | undefined,
): void {
  const { identity, sequence } = draft.state;
  const { kind, approvalId } = intervention;
  const ended = (
    how: 'applied' | 'rejected' | 'withdrawn' | 'stale' | 'failed',
    why: string | undefined,
  ): WorkflowEvent => ({
    type: 'workflow.intervention-ended',
    data: {
      ...identity,
      kind,
      approvalId,
      outcome: how,
      ...(why === undefined ? {} : { reason: why }),
    },
  });
  if (outcome !== 'granted') {
    draft.add(ended(outcome, reason));
    return;
  }
  if (sequence !== intervention.sequence) {
    draft.add(ended('stale', 'the workflow has moved since it was asked for'));
    return;
  }
  const before = draft.state;
  const { events } = draft;
  const kept = events.length;
  try {
    draft.add(ended('applied', undefined));
    carryOut(draft, intervention, target);
  } catch (error) {
    if (error instanceof AppError && error.kind === 'unavailable') throw error;
    events.length = kept;
    draft.state = before;
    draft.add(ended('failed', messageOf(error)));
    return;
  }
  advance(draft);
}

/** Does what was agreed to. @throws as `move` does, when nothing but its beginning is in the draft */
export function carryOut(
  draft: Draft,
  { kind, to, reason, approvalId, context, ...migration }: Agreed,
  target: CompiledDefinition | undefined,
): void {
  const { identity, state: from, templateVersion, definitionHash } = draft.state;
  if (context) restore(draft, context);
  if (kind === 'migration') {
    if (!target || !migration.templateVersion || !migration.definitionHash) {
      throw rule('workflow.migration-impossible', 'the other definition is not there');
    }
    draft.add({
      type: 'workflow.migrated',
      data: {
        ...identity,
        fromVersion: templateVersion,
        fromHash: definitionHash,
        templateVersion: migration.templateVersion,
        definitionHash: migration.definitionHash,
        approvalId,
      },
    });
    draft.definition = target;
  }
  const elsewhere = kind === 'force' ? 'enter' : 'arrive';
  const ceremony = kind === 'migration' && from === to ? 'none' : elsewhere;
  move(draft, {
    to,
    event: kind,
    trigger: kind,
    reason,
    approvalId,
    approvalOutcome: 'granted',
    ceremony,
  });
}

/** Gives the instance a context that it had before. */
function restore(draft: Draft, context: JsonObject): void {
  const { identity, context: present } = draft.state;
  const changed = Object.entries(context).filter(
    ([name, value]) =>
      !Object.hasOwn(present, name) || hashOf(present[name] ?? null) !== hashOf(value),
  );
  const removed = Object.keys(present).filter((name) => !Object.hasOwn(context, name));
  if (changed.length === 0 && removed.length === 0) return;
  draft.add({
    type: 'workflow.context-changed',
    data: {
      ...identity,
      changes: Object.fromEntries(changed),
      ...(removed.length === 0 ? {} : { removed }),
      changedBy: draft.cause.requester,
    },
  });
}
