import type { WorkflowEvent } from '@countersign/contracts';
import { type Actor, AppError, hashOf, type JsonObject, rule } from '@countersign/kernel';
import { type CompiledDefinition, contextProblems } from '@countersign/state-machine';

import { advance } from './advance.js';
import { administers, mustOperate } from './authority.js';
import { textOf } from './culprit.js';
import { type Cause, Draft } from './draft.js';
import { keptProtections, knows, policyFor } from './intervention-policy.js';
import { move, withdrawIntervention } from './move.js';
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
> &
  Pick<ApprovalOutcome, 'decidedBy'>;

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
    readonly states?: StateMapping;
  };
}

/** Where instances in a state go, when not to the state of the same name. */
type StateMapping = Readonly<Record<string, string>>;

const mappedWrongly = (state: string, to: string): string =>
  `states maps ${state} to ${to}, which the other version does not have`;

/** What is wrong with a mapping of states, whether the instance is in one of them or not. */
export function mappingProblems(
  states: StateMapping,
  from: CompiledDefinition,
  target: CompiledDefinition,
): string[] {
  return Object.entries(states).flatMap(([state, to]) => [
    ...(knows(from, state)
      ? []
      : [`states maps ${state}, which the version followed does not have`]),
    ...(knows(target, to) ? [] : [mappedWrongly(state, to)]),
  ]);
}

/** Why a migration is not possible, or nothing. */
export function migrationProblems(
  { state, context }: Pick<ExistingWorkflow, 'state' | 'context'>,
  to: string,
  target: CompiledDefinition,
): string[] {
  const missing =
    to === state ? `the other version has no state ${to}: map it to one` : mappedWrongly(state, to);
  const problems = knows(target, to) ? [] : [missing];
  for (const { at, problem } of contextProblems(target.definition.contextSchema, context)) {
    problems.push(`context${at} ${problem}`);
  }
  return problems;
}

/**
 * Asks for an intervention. A second person has to agree. What an administrator asks for takes the place of what somebody
 * else did.
 *
 * @throws AppError `forbidden` `workflow.operators-only`; `workflow.not-found`, `workflow.ended`, `workflow.is-draft`, `workflow.intervention-pending`, `workflow.already-there`, `workflow.unknown-state`,
 *   `workflow.migration-impossible` with `details.problems`
 */
export function requestIntervention(
  state: WorkflowState,
  request: InterventionRequest,
  definition: CompiledDefinition,
  actor: Actor,
  cause: Cause,
): readonly WorkflowEvent[] {
  const { requester, organisation } = cause;
  const current = running(state);
  mustOperate(current, definition, actor, organisation);
  if (current.status === 'DRAFT') {
    throw rule('workflow.is-draft', 'a draft has not begun: cancel it instead');
  }
  const draft = new Draft(current, definition, cause);
  if (current.intervention) {
    const { kind, approvalId, requester: asker } = current.intervention;
    const isOwn = organisation.personOf(asker) === organisation.personOf(requester);
    if (isOwn || !administers(definition, actor, organisation)) {
      throw rule('workflow.intervention-pending', `a ${kind} waits for its approval already`, {
        details: { approvalId },
      });
    }
    withdrawIntervention(draft, 'withdrawn', `${requester} asks for a ${request.kind} instead`);
  }
  const { kind, approvalId, to, reason, context, target } = request;
  const follows = target?.definitionHash ?? current.definitionHash;
  if (kind !== 'reset' && to === current.state && follows === current.definitionHash) {
    throw rule('workflow.already-there', `the workflow is ${to} and follows that version already`);
  }
  if (target) {
    const { compiled, states = {} } = target;
    const problems = [
      ...new Set([
        ...mappingProblems(states, definition, compiled),
        ...migrationProblems(current, to, compiled),
      ]),
    ];
    if (problems.length > 0) {
      throw rule('workflow.migration-impossible', problems.join('; '), { details: { problems } });
    }
  } else if (!knows(definition, to)) {
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
  draft.add({
    type: 'workflow.intervention-requested',
    data: {
      ...identity,
      ...change,
      approvalId,
      requester,
      editors: [...current.editors],
      policy: policyFor(current, request, definition),
      subject,
      subjectHash: hashOf(subject),
    },
  });
  return draft.events;
}

/** Carries out what a second person has agreed to, unless the instance has moved on since. */
export function settleIntervention(
  draft: Draft,
  intervention: Intervention,
  { outcome, reason, decidedBy }: ApprovalOutcome,
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
    carryOut(draft, { ...intervention, decidedBy }, target);
  } catch (error) {
    if (error instanceof AppError && error.kind === 'unavailable') throw error;
    events.length = kept;
    draft.state = before;
    draft.add(ended('failed', textOf(target ?? draft.definition, error)));
    return;
  }
  advance(draft);
}

/** Does what was agreed to. @throws as `move` does, when nothing but its beginning is in the draft */
export function carryOut(
  draft: Draft,
  { kind, to, reason, approvalId, context, decidedBy, ...migration }: Agreed,
  target: CompiledDefinition | undefined,
): void {
  const { identity, state: from, templateVersion, definitionHash } = draft.state;
  if (context) restore(draft, context);
  if (kind === 'migration') {
    if (!target || !migration.templateVersion || !migration.definitionHash) {
      throw rule('workflow.migration-impossible', 'the other definition is not there');
    }
    const protections = keptProtections(draft.definition, draft.state.protections);
    draft.add({
      type: 'workflow.migrated',
      data: {
        ...identity,
        fromVersion: templateVersion,
        fromHash: definitionHash,
        templateVersion: migration.templateVersion,
        definitionHash: migration.definitionHash,
        approvalId,
        ...(protections.length === 0 ? {} : { protections }),
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
    requester: draft.cause.requester,
    decidedBy,
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
