import type { WorkflowEvent } from '@countersign/contracts';
import { type Actor, forbidden, type JsonObject, rule } from '@countersign/kernel';
import {
  type CompiledDefinition,
  type CompiledTransition,
  mayFire,
} from '@countersign/state-machine';

import { advance, defer, settle, take } from './advance.js';
import { mustOperate } from './authority.js';
import { blamingCaller } from './culprit.js';
import { type Cause, Draft } from './draft.js';
import { settleIntervention } from './interventions.js';
import { end, enterInitial, invoke, mustBeSmall } from './move.js';
import {
  type ApprovalOutcome,
  existing,
  type ExistingWorkflow,
  isRunning,
  running,
  type Signal,
  workflowAggregate,
  type WorkflowState,
} from './state.js';
import { CHILD_NOT_STARTED, received } from './signals.js';
import { armTimers, freeze } from './timers.js';

type Events = readonly WorkflowEvent[];
type Started = Extract<WorkflowEvent, { type: 'workflow.started' }>['data'];

/**
 * Starts an instance in its initial state and lets it advance, unless it is a draft.
 *
 * @param signals that came for its business key before it was there
 * @throws AppError `workflow.start-abandoned`, `workflow.action-failed`, `workflow.context-invalid`
 */
export function startWorkflow(
  state: WorkflowState,
  start: Started,
  definition: CompiledDefinition,
  cause: Cause,
  signals: readonly Signal[] = [],
): Events {
  if (state.kind === 'abandoned') {
    throw rule('workflow.start-abandoned', 'the start took too long; its key went to another');
  }
  if (state.kind === 'existing') return [];
  const started: WorkflowEvent = { type: 'workflow.started', data: start };
  const begun = workflowAggregate.evolve(state, started) as ExistingWorkflow;
  const draft = new Draft(begun, definition, cause);
  draft.events.push(started);
  for (const signal of signals) draft.add(received(draft.state, signal));
  if (!start.draft) begin(draft);
  return draft.events;
}

/** Puts a draft to work. @throws AppError `workflow.operators-only`, `workflow.not-a-draft` */
export function activateWorkflow(
  state: WorkflowState,
  definition: CompiledDefinition,
  actor: Actor,
  cause: Cause,
): Events {
  const current = existing(state);
  mustOperate(current, definition, actor, cause.organisation);
  if (current.status !== 'DRAFT') {
    throw rule('workflow.not-a-draft', `the workflow is ${current.status}`);
  }
  const draft = new Draft(current, definition, cause);
  draft.add({ type: 'workflow.activated', data: current.identity });
  begin(draft);
  return draft.events;
}

function begin(draft: Draft): void {
  blamingCaller(draft.definition, 'workflow.action-failed', () => {
    enterInitial(draft);
  });
  advance(draft);
}

export interface TransitionRequest {
  readonly event: string;
  readonly reason?: string | undefined;
  readonly input?: JsonObject | undefined;
}

/**
 * Takes a manual transition.
 *
 * @throws AppError `workflow.not-active`, `workflow.approval-pending`, `workflow.no-such-transition`,
 * `workflow.condition-not-met`, `workflow.condition-failed`, `workflow.role-missing`, `workflow.action-failed`,
 * `workflow.context-invalid`.
 */
export function transitionWorkflow(
  state: WorkflowState,
  request: TransitionRequest,
  definition: CompiledDefinition,
  actor: Pick<Actor, 'roles'>,
  cause: Cause,
): Events {
  const current = existing(state);
  mustBeActive(current);
  if (current.pending) {
    throw rule('workflow.approval-pending', `${current.pending.event} waits for its approval`, {
      details: { approvalId: current.pending.approvalId },
    });
  }
  mustBeSmall(request.input ?? {});
  const chosen = choose(current, request, definition);
  if (!mayFire(chosen, actor.roles)) {
    throw forbidden('workflow.role-missing', 'your roles do not include one that may do this', {
      details: { roles: chosen.roles },
    });
  }
  const draft = new Draft(current, definition, cause);
  const { reason, input } = request;
  blamingCaller(definition, 'workflow.action-failed', () => {
    take(draft, chosen, { reason, input });
  });
  advance(draft);
  return draft.events;
}

function choose(
  { state, context }: ExistingWorkflow,
  { event, input }: TransitionRequest,
  definition: CompiledDefinition,
): CompiledTransition {
  const choice = blamingCaller(definition, 'workflow.condition-failed', () =>
    definition.byEvent(state, event, context, input),
  );
  if ('transition' in choice) return choice.transition;
  if (choice.refused === 'condition-false') {
    throw rule('workflow.condition-not-met', `the condition of ${event} does not hold`);
  }
  const outgoing = definition.outgoing(state).filter(({ trigger }) => trigger === 'manual');
  throw rule('workflow.no-such-transition', `nothing called ${event} leads on from ${state}`, {
    details: { state, available: outgoing.map((transition) => transition.event) },
  });
}

/** Applies how an approval that the instance waits for ended; a stale outcome changes nothing. */
export function applyOutcome(
  state: WorkflowState,
  outcome: ApprovalOutcome,
  definition: CompiledDefinition,
  cause: Omit<Cause, 'requester'>,
  target?: CompiledDefinition,
): Events {
  if (state.kind !== 'existing' || !isRunning(state)) return [];
  const { intervention, pending } = state;
  if (intervention?.approvalId === outcome.approvalId) {
    const { requester } = intervention;
    const draft = new Draft(state, definition, { ...cause, requester });
    settleIntervention(draft, intervention, outcome, target);
    return draft.events;
  }
  if (pending?.approvalId !== outcome.approvalId || state.deferred) return [];
  const draft = new Draft(state, definition, { ...cause, requester: pending.requester });
  if (state.status === 'PAUSED') {
    defer(draft, outcome);
    return draft.events;
  }
  settle(draft, pending, outcome);
  goOnAfter(draft, state);
  return draft.events;
}

/** What was turned down where it stays is not asked for again by itself. */
function goOnAfter(draft: Draft, { enteredAt }: ExistingWorkflow): void {
  if (draft.state.enteredAt !== enteredAt) advance(draft);
}

/** The approval whose outcome the instance waits for. */
function openApproval({ pending, deferred }: ExistingWorkflow): { approvalId?: string } {
  return pending && !deferred ? { approvalId: pending.approvalId } : {};
}

/**
 * Freezes an instance: nothing moves until it is resumed, and its timers stand still.
 *
 * @throws AppError `workflow.operators-only`, `workflow.not-active`
 */
export function pauseWorkflow(
  state: WorkflowState,
  reason: string,
  definition: CompiledDefinition,
  actor: Actor,
  cause: Cause,
): Events {
  const current = existing(state);
  mustOperate(current, definition, actor, cause.organisation);
  mustBeActive(current);
  const frozen = freeze(current, cause.now);
  const waiting = frozen.length > 0 ? { frozen } : {};
  const data = { ...current.identity, reason, ...waiting, ...openApproval(current) };
  return [{ type: 'workflow.paused', data }];
}

/**
 * Goes on, with what came in meanwhile and with what was left of its timers.
 *
 * @throws AppError `workflow.operators-only`, `workflow.not-paused`
 */
export function resumeWorkflow(
  state: WorkflowState,
  reason: string,
  definition: CompiledDefinition,
  actor: Actor,
  cause: Cause,
): Events {
  const current = existing(state);
  mustOperate(current, definition, actor, cause.organisation);
  if (current.status !== 'PAUSED') {
    throw rule('workflow.not-paused', `the workflow is ${current.status}`);
  }
  const { pending, deferred } = current;
  const requester = pending?.requester ?? cause.requester;
  const draft = new Draft(current, definition, { ...cause, requester });
  const data = { ...current.identity, reason, ...openApproval(current) };
  draft.add({ type: 'workflow.resumed', data });
  armTimers(draft);
  if (pending && deferred) {
    settle(draft, pending, deferred);
    goOnAfter(draft, current);
  } else {
    advance(draft);
  }
  return draft.events;
}

/** Ends an instance that has not ended by itself. @throws AppError `workflow.operators-only`, `workflow.ended` */
export function cancelWorkflow(
  state: WorkflowState,
  reason: string,
  definition: CompiledDefinition,
  actor: Actor,
  cause: Cause,
): Events {
  return endByHand(state, 'cancelled', reason, definition, actor, cause);
}

/** Ends an instance as failed. @throws AppError `workflow.operators-only`, `workflow.ended` */
export function failWorkflow(
  state: WorkflowState,
  reason: string,
  definition: CompiledDefinition,
  actor: Actor,
  cause: Cause,
): Events {
  return endByHand(state, 'failed', reason, definition, actor, cause);
}

function endByHand(
  state: WorkflowState,
  outcome: 'cancelled' | 'failed',
  reason: string,
  definition: CompiledDefinition,
  actor: Actor,
  cause: Cause,
): Events {
  const current = existing(state);
  mustOperate(current, definition, actor, cause.organisation);
  const draft = new Draft(running(current), definition, cause);
  end(draft, outcome, reason);
  return draft.events;
}

/** Makes sure that a start which never came cannot come any more. */
export function abandonStart(state: WorkflowState, workflowId: string, reason: string): Events {
  if (state.kind !== 'none') return [];
  return [{ type: 'workflow.start-abandoned', data: { workflowId, reason } }];
}

/** Lets timers that are due do what they are for. Those that are not change nothing. */
export function fireTimers(
  state: WorkflowState,
  definition: CompiledDefinition,
  cause: Cause,
): Events {
  if (state.kind !== 'existing' || state.status !== 'ACTIVE') return [];
  const draft = new Draft(state, definition, cause);
  advance(draft);
  return draft.events;
}

/**
 * Tries again what an incident has stopped.
 *
 * @throws AppError `workflow.operators-only`, `workflow.not-active`, `workflow.no-incident`; `workflow.retry-failed` when the
 * same is still wrong: nothing has changed then
 */
export function retryWorkflow(
  state: WorkflowState,
  definition: CompiledDefinition,
  actor: Actor,
  cause: Cause,
): Events {
  const current = existing(state);
  mustOperate(current, definition, actor, cause.organisation);
  mustBeActive(current);
  const open = current.incidents;
  if (open.length === 0) throw rule('workflow.no-incident', 'no incident is open');
  const { pending, deferred } = current;
  const requester = pending?.requester ?? cause.requester;
  const draft = new Draft(current, definition, { ...cause, requester });
  for (const incident of open) {
    draft.add({ type: 'workflow.incident-resolved', data: { ...current.identity, ...incident } });
  }
  if (open.some(({ code }) => code === CHILD_NOT_STARTED)) {
    blamingCaller(definition, 'workflow.action-failed', () => {
      invoke(draft);
    });
  }
  if (pending && deferred) {
    settle(draft, pending, deferred);
    goOnAfter(draft, current);
  } else {
    advance(draft);
  }
  for (const { type, data } of draft.events) {
    if (type !== 'workflow.incident-raised') continue;
    if (open.some(({ incidentId }) => incidentId === data.incidentId)) {
      throw rule('workflow.retry-failed', data.message, { details: { code: data.code } });
    }
  }
  return draft.events;
}

function mustBeActive(state: ExistingWorkflow): void {
  if (state.status === 'ACTIVE') return;
  throw rule('workflow.not-active', `the workflow is ${state.status}`, {
    details: { status: state.status },
  });
}
