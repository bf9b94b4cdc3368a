import type { WorkflowEvent } from '@countersign/contracts';
import { ExpressionError } from '@countersign/expressions';
import { type Actor, forbidden, type JsonObject, notFound, rule } from '@countersign/kernel';
import {
  type Choice,
  type CompiledDefinition,
  type CompiledTransition,
  mayFire,
} from '@countersign/state-machine';

import { advance, settle, take } from './advance.js';
import { Draft } from './draft.js';
import {
  type ApprovalOutcome,
  type ExistingWorkflow,
  isRunning,
  workflowAggregate,
  type WorkflowState,
} from './state.js';

type Events = readonly WorkflowEvent[];
type Started = Extract<WorkflowEvent, { type: 'workflow.started' }>['data'];

/** Starts an instance in its initial state and lets it advance, unless it is a draft. */
export function startWorkflow(
  state: WorkflowState,
  start: Started,
  definition: CompiledDefinition,
  requester: string,
): Events {
  if (state.kind === 'abandoned') {
    throw rule('workflow.start-abandoned', 'the start took too long; its key went to another');
  }
  if (state.kind === 'existing') return [];
  const started: WorkflowEvent = { type: 'workflow.started', data: start };
  const draft = new Draft(workflowAggregate.evolve(state, started) as ExistingWorkflow);
  draft.events.push(started);
  advance(draft, definition, { requester });
  return draft.events;
}

/** Puts a draft to work. */
export function activateWorkflow(
  state: WorkflowState,
  definition: CompiledDefinition,
  requester: string,
): Events {
  const current = existing(state);
  if (current.status !== 'DRAFT') {
    throw rule('workflow.not-a-draft', `the workflow is ${current.status}`);
  }
  const draft = new Draft(current);
  draft.add({ type: 'workflow.activated', data: current.identity });
  advance(draft, definition, { requester });
  return draft.events;
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
 * `workflow.condition-not-met`, `workflow.condition-failed`, `workflow.role-missing`.
 */
export function transitionWorkflow(
  state: WorkflowState,
  request: TransitionRequest,
  definition: CompiledDefinition,
  actor: Actor,
): Events {
  const current = existing(state);
  mustBeActive(current);
  if (current.pending) {
    throw rule('workflow.approval-pending', `${current.pending.event} waits for its approval`, {
      details: { approvalId: current.pending.approvalId },
    });
  }
  const chosen = choose(current, request, definition);
  if (!mayFire(chosen, actor.roles)) {
    throw forbidden('workflow.role-missing', 'your roles do not include one that may do this', {
      details: { roles: chosen.roles },
    });
  }
  const draft = new Draft(current);
  const requester = actor.id;
  take(draft, definition, chosen, { ...request, requester });
  advance(draft, definition, { requester });
  return draft.events;
}

function choose(
  { state, context }: ExistingWorkflow,
  { event, input }: TransitionRequest,
  definition: CompiledDefinition,
): CompiledTransition {
  let choice: Choice;
  try {
    choice = definition.byEvent(state, event, context, input);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw rule('workflow.condition-failed', error.message, { cause: error });
  }
  if ('transition' in choice) return choice.transition;
  if (choice.refused === 'condition-false') {
    throw rule('workflow.condition-not-met', `the condition of ${event} does not hold`);
  }
  const outgoing = definition.outgoing(state).filter(({ trigger }) => trigger === 'manual');
  throw rule('workflow.no-such-transition', `nothing called ${event} leads on from ${state}`, {
    details: { state, available: outgoing.map((transition) => transition.event) },
  });
}

/** Applies how the approval of the pending transition ended; a stale outcome changes nothing. */
export function applyOutcome(
  state: WorkflowState,
  outcome: ApprovalOutcome,
  definition: CompiledDefinition,
): Events {
  if (state.kind !== 'existing' || state.pending?.approvalId !== outcome.approvalId) return [];
  const { pending, identity } = state;
  if (state.deferred || !isRunning(state)) return [];
  const draft = new Draft(state);
  if (state.status === 'PAUSED') {
    const { approvalId, outcome: how, reason } = outcome;
    const data = { ...identity, approvalId, outcome: how, ...(reason ? { reason } : {}) };
    draft.add({ type: 'workflow.approval-outcome-deferred', data });
    return draft.events;
  }
  settle(draft, definition, pending, outcome);
  if (draft.state.state !== state.state) {
    advance(draft, definition, { requester: pending.requester });
  }
  return draft.events;
}

/** Freezes an instance: nothing moves until it is resumed. */
export function pauseWorkflow(state: WorkflowState, reason: string): Events {
  const current = existing(state);
  mustBeActive(current);
  return [{ type: 'workflow.paused', data: { ...current.identity, reason } }];
}

/** Goes on, with what came in meanwhile. */
export function resumeWorkflow(
  state: WorkflowState,
  reason: string,
  definition: CompiledDefinition,
  requester: string,
): Events {
  const current = existing(state);
  if (current.status !== 'PAUSED') {
    throw rule('workflow.not-paused', `the workflow is ${current.status}`);
  }
  const draft = new Draft(current);
  draft.add({ type: 'workflow.resumed', data: { ...current.identity, reason } });
  const { pending, deferred } = current;
  if (pending && deferred) {
    settle(draft, definition, pending, deferred);
    if (draft.state.state === current.state) return draft.events;
  }
  advance(draft, definition, { requester: pending?.requester ?? requester });
  return draft.events;
}

/** Ends an instance that has not ended by itself. */
export function cancelWorkflow(state: WorkflowState, reason: string): Events {
  const current = existing(state);
  if (!isRunning(current)) {
    throw rule('workflow.ended', `the workflow is ${current.status} already`);
  }
  const approvalId = current.pending?.approvalId;
  return [
    {
      type: 'workflow.cancelled',
      data: { ...current.identity, reason, ...(approvalId === undefined ? {} : { approvalId }) },
    },
  ];
}

/** Makes sure that a start which never came cannot come any more. */
export function abandonStart(state: WorkflowState, workflowId: string, reason: string): Events {
  if (state.kind !== 'none') return [];
  return [{ type: 'workflow.start-abandoned', data: { workflowId, reason } }];
}

/** @throws AppError `workflow.not-found`. */
export function existing(state: WorkflowState): ExistingWorkflow {
  if (state.kind === 'existing') return state;
  throw notFound('workflow.not-found', 'there is no such workflow');
}

function mustBeActive(state: ExistingWorkflow): void {
  if (state.status === 'ACTIVE') return;
  throw rule('workflow.not-active', `the workflow is ${state.status}`, {
    details: { status: state.status },
  });
}
