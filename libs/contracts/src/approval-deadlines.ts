import type { ApprovalPolicy } from '@countersign/state-machine/schemas';

import type { ApprovalEvent, Deadlines } from './events/approval.events.js';

/** When the next thing happens by itself; undefined when nothing does. */
export function nextDeadline(deadlines: Deadlines): string | undefined {
  const { expiresAt, reminders = [], escalations = [] } = deadlines;
  const times = [...reminders.slice(0, 1), ...escalations.slice(0, 1)];
  if (expiresAt !== undefined) times.push(expiresAt);
  // All are UTC in the same form, so that their text has their order.
  return times.toSorted()[0];
}

/** What is left of an open approval's deadlines after an event of it. */
export function deadlinesAfter(
  deadlines: Deadlines,
  policy: Pick<ApprovalPolicy, 'reminders' | 'escalation'>,
  event: ApprovalEvent,
): Deadlines {
  switch (event.type) {
    case 'approval.requested':
      return event.data.deadlines ?? {};
    case 'approval.reminded': {
      const left = (policy.reminders?.length ?? 0) - event.data.reminder - 1;
      return { ...deadlines, reminders: last(deadlines.reminders, left) };
    }
    case 'approval.escalated': {
      const { tier, cause } = event.data;
      const { expiresAt: _expired, ...others } = deadlines;
      const rest = cause === 'expiry' ? others : deadlines;
      if (tier === undefined) return rest;
      const left = (policy.escalation?.length ?? 0) - tier - 1;
      return { ...rest, escalations: last(rest.escalations, left) };
    }
    case 'approval.deadlines-frozen':
      return {};
    case 'approval.deadlines-resumed':
      return event.data.deadlines;
    case 'approval.granted':
    case 'approval.rejected':
    case 'approval.timed-out':
    case 'approval.withdrawn':
    case 'approval.cancelled':
      return {};
    default:
      return deadlines;
  }
}

function last(times: readonly string[] = [], count: number): string[] {
  return count <= 0 ? [] : times.slice(-count);
}
