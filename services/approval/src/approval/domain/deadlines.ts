import type { Deadlines } from '@countersign/contracts';

import { Draft, type Events, type Moment } from './draft.js';
import { ask, nextTier } from './escalate.js';
import { identityOf, outcomeOf } from './identity.js';
import { ended } from './outcome.js';
import { peopleLeft } from './reachability.js';
import { addedTo, roundAt } from './stages.js';
import { type ApprovalState, isOpen } from './state.js';

/** What is due by now: reminders, tiers of the escalation, the end. Nothing when it was done or is frozen. */
export function fireDeadlines(state: ApprovalState, moment: Moment): Events {
  if (!state.exists || !isOpen(state) || state.frozen) return [];
  const draft = new Draft(state, moment);
  const now = moment.now.toISOString();
  escalateInTime(draft, now);
  expire(draft, now);
  if (isOpen(draft.state)) remind(draft, now);
  return draft.events;
}

function escalateInTime(draft: Draft, now: string): void {
  const due = (draft.state.deadlines.escalations ?? []).filter((at) => at <= now);
  for (const _ of due) {
    const tier = nextTier(draft.state);
    if (!tier) return;
    ask(draft, { cause: 'timeout', approvers: [...tier.approvers], tier: tier.number });
  }
}

function expire(draft: Draft, now: string): void {
  const { deadlines, request } = draft.state;
  const { expiresAt: deadline } = deadlines;
  if (deadline === undefined || deadline > now) return;
  const outcome = request.policy.expiry?.outcome ?? 'reject';
  if (outcome !== 'escalate') {
    const data = { ...outcomeOf(draft.state), outcome, deadline };
    draft.add(...ended(draft.state, { type: 'approval.timed-out', data }));
    return;
  }
  const rest = request.policy.escalation?.slice(draft.state.tiers) ?? [];
  const approvers = [...new Set(rest.flatMap((tier) => tier.approvers))];
  const last = draft.state.tiers + rest.length - 1;
  ask(draft, { cause: 'expiry', approvers, ...(rest.length === 0 ? {} : { tier: last }) });
}

/** Of several reminders that are due, one is enough. */
function remind(draft: Draft, now: string): void {
  const { deadlines, request, reminders, stage } = draft.state;
  const due = (deadlines.reminders ?? []).filter((at) => at <= now).length;
  if (due === 0) return;
  const { approvers } = roundAt(request.policy, stage);
  const { expiresAt } = deadlines;
  draft.add({
    type: 'approval.reminded',
    data: {
      ...identityOf(request),
      reminder: reminders + due - 1,
      approvers: [...approvers, ...addedTo(draft.state, stage)],
      waitingFor: [...peopleLeft(draft.state, draft.moment)].slice(0, 200),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    },
  });
}

/** The workflow is paused: decisions count, but nothing happens by itself. */
export function freezeDeadlines(state: ApprovalState, now: Date): Events {
  if (!state.exists || !isOpen(state) || state.frozen) return [];
  const { expiresAt, reminders = [], escalations = [] } = state.deadlines;
  const left = (at: string) => Math.max(0, Date.parse(at) - now.getTime());
  const remaining = {
    ...(expiresAt === undefined ? {} : { expiry: left(expiresAt) }),
    reminders: reminders.map(left),
    escalations: escalations.map(left),
  };
  const data = { ...identityOf(state.request), remaining };
  return [{ type: 'approval.deadlines-frozen', data }];
}

/** They go on with what was left of them. */
export function resumeDeadlines(state: ApprovalState, now: Date): Events {
  if (!state.exists || !isOpen(state) || !state.frozen) return [];
  const { expiry, reminders, escalations } = state.frozen;
  const at = (left: number) => new Date(now.getTime() + left).toISOString();
  const deadlines: Deadlines = {
    ...(expiry === undefined ? {} : { expiresAt: at(expiry) }),
    reminders: reminders.map(at),
    escalations: escalations.map(at),
  };
  return [
    { type: 'approval.deadlines-resumed', data: { ...identityOf(state.request), deadlines } },
  ];
}
