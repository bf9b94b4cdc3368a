import type { WorkflowEvent } from '@countersign/contracts';
import { ExpressionError } from '@countersign/expressions';
import { derivedId, hashOf, type JsonObject } from '@countersign/kernel';
import {
  type CompiledDefinition,
  type CompiledTransition,
  triggerKind,
} from '@countersign/state-machine';

import type { Draft } from './draft.js';
import type { PendingTransition } from './state.js';

/** Moves in one decision at most: what goes round longer is a definition that never settles. */
const MAX_MOVES = 100;

/** What somebody wants, and for whose account: the requester of an approval that it needs. */
export interface Request {
  readonly requester: string;
  readonly reason?: string | undefined;
  readonly input?: JsonObject | undefined;
}

/** Takes a transition: moves at once, or asks for the approval that it needs. */
export function take(
  draft: Draft,
  definition: CompiledDefinition,
  transition: CompiledTransition,
  { requester, reason, input }: Request,
): void {
  const { event, to, requiresApproval } = transition;
  const trigger = triggerKind(transition.trigger);
  const { identity, state: from, context, definitionHash, templateVersion } = draft.state;
  const sequence = draft.state.sequence + 1;
  const step = {
    ...identity,
    sequence,
    from,
    to,
    event,
    trigger,
    ...(reason === undefined ? {} : { reason }),
    ...(input === undefined ? {} : { input }),
  };
  if (!requiresApproval) {
    move(draft, definition, { type: 'workflow.transitioned', data: step });
    return;
  }
  const subject = {
    workflowId: identity.workflowId,
    template: identity.template,
    templateVersion,
    definitionHash,
    ...(identity.businessKey === undefined ? {} : { businessKey: identity.businessKey }),
    transition: { event, from, to, ...(reason ? { reason } : {}), ...(input ? { input } : {}) },
    context,
  };
  draft.add({
    type: 'workflow.transition-requested',
    data: {
      ...step,
      approvalId: derivedId('approval', identity.workflowId, sequence),
      requester,
      editors: [draft.state.startedBy],
      policy: requiresApproval,
      subject,
      subjectHash: hashOf(subject),
    },
  });
}

/** Carries out a pending transition, to its target or to where its rejection leads. */
export function settle(
  draft: Draft,
  definition: CompiledDefinition,
  pending: PendingTransition,
  { outcome, reason }: { outcome: 'granted' | 'rejected'; reason?: string | undefined },
): void {
  const { sequence, event, from, trigger, input, approvalId, onRejected } = pending;
  const to = outcome === 'granted' ? pending.to : onRejected;
  const why = outcome === 'rejected' ? reason : pending.reason;
  if (to === undefined) {
    const data = { ...draft.state.identity, sequence, from, event, approvalId };
    draft.add({
      type: 'workflow.transition-rejected',
      data: { ...data, ...(why === undefined ? {} : { reason: why }) },
    });
    return;
  }
  move(draft, definition, {
    type: 'workflow.transitioned',
    data: {
      ...draft.state.identity,
      sequence,
      from,
      to,
      event,
      trigger,
      ...(why === undefined ? {} : { reason: why }),
      ...(input === undefined ? {} : { input }),
      approvalId,
      approvalOutcome: outcome,
    },
  });
}

/**
 * Takes automatic transitions until none applies, an approval is needed, or a final state is reached.
 * A condition that cannot be evaluated stops the instance where it is, with an incident.
 */
export function advance(draft: Draft, definition: CompiledDefinition, request: Request): void {
  for (let moves = 0; ; moves++) {
    const { status, state, context, pending } = draft.state;
    if (status !== 'ACTIVE' || pending) return;
    if (moves >= MAX_MOVES) {
      incident(draft, 'workflow.does-not-settle', `more than ${MAX_MOVES} automatic moves`);
      return;
    }
    let next: CompiledTransition | undefined;
    try {
      next = definition.nextAutomatic(state, context);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      incident(draft, 'workflow.condition-failed', error.message);
      return;
    }
    if (!next) return;
    take(draft, definition, next, { requester: request.requester });
  }
}

function move(
  draft: Draft,
  definition: CompiledDefinition,
  event: Extract<WorkflowEvent, { type: 'workflow.transitioned' }>,
): void {
  draft.add(event);
  const { identity, state } = draft.state;
  switch (definition.outcomeOf(state)) {
    case undefined:
      return;
    case 'completed':
      draft.add({ type: 'workflow.completed', data: { ...identity, state } });
      return;
    case 'failed':
      draft.add({ type: 'workflow.failed', data: { ...identity, state } });
      return;
    case 'cancelled':
      draft.add({ type: 'workflow.cancelled', data: { ...identity, reason: `reached ${state}` } });
  }
}

function incident(draft: Draft, code: string, message: string): void {
  const { identity, sequence, state } = draft.state;
  const incidentId = derivedId('workflow incident', identity.workflowId, sequence, code);
  draft.add({
    type: 'workflow.incident-raised',
    data: { ...identity, incidentId, code, message, state },
  });
}
