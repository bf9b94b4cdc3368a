import { ExpressionError } from '@countersign/expressions';
import { AppError, derivedId, hashOf, type JsonObject, systemActor } from '@countersign/kernel';
import { administratorsOf, type CompiledTransition, triggerKind } from '@countersign/state-machine';

import { textOf } from './culprit.js';
import type { Draft } from './draft.js';
import { raiseIncident } from './incidents.js';
import { end, move } from './move.js';
import { type ApprovalOutcome, editorsAfter, type PendingTransition, type Timer } from './state.js';
import { armTimers, dueTimer, removeTimer } from './timers.js';

/** Moves in one decision at most: what goes round longer is a definition that never settles. */
const MAX_MOVES = 100;

/** On whose account the end of an invoked workflow is taken. */
const ENGINE = systemActor('workflow').id;

/** What comes with the wish for a transition. */
export interface Request {
  readonly reason?: string | undefined;
  readonly input?: JsonObject | undefined;
  readonly signalId?: string | undefined;
}

/** Takes a transition: moves at once, or asks for the approval that it needs. @throws as `move` does */
export function take(draft: Draft, transition: CompiledTransition, request: Request = {}): void {
  const { event, to, requiresApproval, actions } = transition;
  const trigger = triggerKind(transition.trigger);
  if (!requiresApproval) {
    move(draft, { event, to, trigger, actions, ...request });
    return;
  }
  const { reason, input, signalId } = request;
  const { requester } = draft.cause;
  const { identity, state: from, context, definitionHash, templateVersion } = draft.state;
  const sequence = draft.state.sequence + 1;
  const asked = { ...(reason ? { reason } : {}), ...(input ? { input } : {}) };
  const subject = {
    workflowId: identity.workflowId,
    template: identity.template,
    templateVersion,
    definitionHash,
    ...(identity.businessKey === undefined ? {} : { businessKey: identity.businessKey }),
    transition: { event, from, to, ...asked },
    context,
  };
  draft.add({
    type: 'workflow.transition-requested',
    data: {
      ...identity,
      sequence,
      from,
      to,
      event,
      trigger,
      ...asked,
      ...(signalId === undefined ? {} : { signalId }),
      approvalId: derivedId('approval', identity.workflowId, sequence),
      requester,
      editors: [...editorsAfter(draft.state, { input, signalId, requester })],
      policy: requiresApproval,
      subject,
      subjectHash: hashOf(subject),
    },
  });
}

/**
 * Carries out a pending transition, to its target or to where its rejection leads. When an action on the way fails,
 * the outcome is kept and an incident raised.
 */
export function settle(
  draft: Draft,
  pending: PendingTransition,
  { outcome, reason, decidedBy }: ApprovalOutcome,
): void {
  const { sequence, event, from, trigger, input, approvalId, onRejected, requester } = pending;
  const granted = outcome === 'granted';
  const to = granted ? pending.to : outcome === 'rejected' ? onRejected : undefined;
  const why = granted ? pending.reason : reason;
  const { identity } = draft.state;
  if (to === undefined) {
    const data = { ...identity, sequence, from, event, approvalId };
    const ended = outcome === 'withdrawn' ? { outcome } : {};
    draft.add({
      type: 'workflow.transition-rejected',
      data: { ...data, ...ended, ...(why === undefined ? {} : { reason: why }) },
    });
    if (trigger === 'automatic') {
      const message = `${event} was not approved and nobody else asks for it: ${outcome}`;
      raiseIncident(draft, 'workflow.approval-not-given', message);
    }
    return;
  }
  const actions = granted ? actionsOf(draft, pending) : [];
  const asked = { input, reason: why, approvalId, requester, decidedBy };
  const moved = { to, event, trigger, sequence, ...asked };
  attempt(draft, 'workflow.action-failed', () => {
    move(draft, { ...moved, actions, approvalOutcome: granted ? 'granted' : 'rejected' });
  });
  if (draft.state.pending?.approvalId !== approvalId || draft.state.deferred) return;
  defer(draft, { approvalId, outcome, reason, decidedBy });
}

/** Keeps the outcome of an approval until it can be applied. */
export function defer(
  draft: Draft,
  { approvalId, outcome, reason, decidedBy }: ApprovalOutcome,
): void {
  draft.add({
    type: 'workflow.approval-outcome-deferred',
    data: {
      ...draft.state.identity,
      approvalId,
      outcome,
      ...(reason ? { reason } : {}),
      ...(decidedBy === undefined ? {} : { decidedBy: [...decidedBy] }),
    },
  });
}

/** Those of the transition that an approval was asked for: of several alike, the one with that policy. */
function actionsOf({ definition }: Draft, { from, event, to, policy }: PendingTransition) {
  const alike = definition
    .outgoing(from)
    .filter((one) => one.event === event && one.to === to && one.requiresApproval);
  const asked = hashOf(policy);
  const found = alike.find(
    ({ requiresApproval }) => alike.length === 1 || hashOf(requiresApproval ?? null) === asked,
  );
  return found?.actions ?? [];
}

/**
 * Goes on as far as the definition leads without anybody asking: automatic transitions, signals that have come,
 * timers that are due. Stops at an approval, at the end, or where there is nothing more to do. What cannot be
 * evaluated stops the instance where it is, with an incident.
 */
export function advance(draft: Draft): void {
  for (let moves = 0; draft.state.status === 'ACTIVE'; moves++) {
    armTimers(draft);
    if (moves >= MAX_MOVES) {
      const message = `more than ${MAX_MOVES} moves without anybody asking`;
      raiseIncident(draft, 'workflow.does-not-settle', message);
      return;
    }
    if (!step(draft)) return;
  }
}

/** Takes the next step. False when there is none. */
function step(draft: Draft): boolean {
  const steps = [takeAutomatic, takeSignal, (of: Draft) => fireTimer(of, false)];
  for (const next of steps) {
    const { length } = draft.events;
    const fine = attempt(draft, 'workflow.condition-failed', () => {
      next(draft);
    });
    // What fails stops the instance, but not its timeouts.
    if (!fine) return attempt(draft, 'workflow.action-failed', () => fireTimer(draft, true));
    if (draft.events.length > length) return true;
  }
  return false;
}

function takeAutomatic(draft: Draft): void {
  const { state, context, pending } = draft.state;
  const automatic = pending ? undefined : draft.definition.nextAutomatic(state, context);
  if (automatic) take(draft, automatic);
}

/** A signal that cannot be looked at is put aside, with an incident: those behind it still count. */
function takeSignal(draft: Draft): void {
  const { identity, state, context, pending, signals } = draft.state;
  if (pending) return;
  const now = draft.cause.now.toISOString();
  for (const { signalId, name, payload, expiresAt, sender } of signals) {
    const aside = () => {
      draft.add({ type: 'workflow.signal-expired', data: { ...identity, signalId, name } });
    };
    if (expiresAt <= now) {
      aside();
      return;
    }
    const fine = attempt(draft, 'workflow.signal-failed', () => {
      const choice = draft.definition.bySignal(state, name, context, payload, sender);
      if (!('transition' in choice)) return;
      draft.onAccountOf(sender?.id ?? ENGINE, () => {
        take(draft, choice.transition, { input: payload, signalId });
      });
    });
    if (!fine) aside();
    if (!fine || draft.state.signals.length < signals.length) return;
  }
}

/** Whether a timer has fired. */
function fireTimer(draft: Draft, onlyTimeouts: boolean): boolean {
  const timer = dueTimer(draft, onlyTimeouts);
  if (timer) fire(draft, timer);
  return timer !== undefined;
}

function fire(draft: Draft, timer: Timer): void {
  const { definition } = draft;
  const { state, context } = draft.state;
  switch (timer.kind) {
    case 'after': {
      const transition = definition.outgoing(state).find(({ index }) => index === timer.transition);
      if (transition?.holds(context)) take(draft, transition);
      // It is asked once: whether its condition holds later makes no difference.
      if (draft.state.timersOf === draft.state.enteredAt) removeTimer(draft, timer);
      return;
    }
    case 'state': {
      const timeout = definition.timeoutOf(state);
      if (timeout) move(draft, { to: timeout.to, event: 'timeout', trigger: 'timeout' });
      else removeTimer(draft, timer);
      return;
    }
    case 'overall':
      overdue(draft, timer);
  }
}

/** The instance as a whole has taken too long. */
function overdue(draft: Draft, timer: Timer): void {
  const { overallTimeout } = draft.definition;
  const { identity, state } = draft.state;
  const reason = 'it took longer than its definition allows';
  if (!overallTimeout) {
    removeTimer(draft, timer);
  } else if (overallTimeout.then === 'fail') {
    end(draft, 'failed', reason);
  } else if (overallTimeout.then === 'incident') {
    removeTimer(draft, timer);
    const { pending, deferred } = draft.state;
    const administrators = [...administratorsOf(draft.definition.definition)];
    const escalation =
      pending && !deferred ? { approvalId: pending.approvalId, administrators } : {};
    draft.add({ type: 'workflow.escalated', data: { ...identity, state, reason, ...escalation } });
    raiseIncident(draft, 'workflow.timed-out', reason);
  } else {
    move(draft, { to: overallTimeout.then.to, event: 'timeout', trigger: 'escalation', reason });
    armTimers(draft);
    removeTimer(draft, timer);
  }
}

/** Does something whose failure is the definition's or the context's fault, and then an incident. */
function attempt(draft: Draft, code: string, act: () => unknown): boolean {
  const before = draft.events.length;
  try {
    return act() !== false;
  } catch (error) {
    if (draft.events.length !== before) throw error;
    if (!(error instanceof AppError)) throw error;
    const ofDefinition = error instanceof ExpressionError;
    raiseIncident(draft, ofDefinition ? code : error.code, textOf(draft.definition, error));
    return false;
  }
}
