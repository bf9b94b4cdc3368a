import { rule } from '@countersign/kernel';

import type { ApprovalPolicy } from './approval-policy.js';
import { addBusinessDuration } from './business-time.js';
import type { Calendar } from './calendar.js';
import { type Duration, durationMs } from './duration.js';

/** When an approval's policy has something happen by itself: ISO 8601, in UTC. */
export interface PolicyDeadlines {
  readonly expiresAt?: string;
  /** Soonest first. */
  readonly reminders?: string[];
  /** By tier. */
  readonly escalations?: string[];
}

/**
 * The deadlines of an approval that is asked for at a moment; without members for what its policy does not ask for.
 *
 * @param calendar the one that the policy names, as the organisation has it; nothing where it names none
 * @throws AppError `rule` `calendar.unknown` when the policy names one and that is not it: without it nobody can say when
 * @throws AppError as `addBusinessTime`
 */
export function deadlinesOf(
  policy: Pick<ApprovalPolicy, 'expiry' | 'reminders' | 'escalation' | 'calendar'>,
  requestedAt: Date,
  calendar: Calendar | undefined,
): PolicyDeadlines {
  const { expiry, reminders = [], escalation = [] } = policy;
  if (policy.calendar !== undefined && policy.calendar !== calendar?.name) {
    throw rule('calendar.unknown', `nobody knows a calendar ${policy.calendar}`);
  }
  const after = (duration: Duration): string =>
    (policy.calendar === undefined || calendar === undefined
      ? new Date(requestedAt.getTime() + durationMs(duration))
      : addBusinessDuration(requestedAt, duration, calendar)
    ).toISOString();
  return {
    ...(expiry === undefined ? {} : { expiresAt: after(expiry.after) }),
    ...(reminders.length === 0 ? {} : { reminders: reminders.map(after).sort() }),
    ...(escalation.length === 0
      ? {}
      : { escalations: escalation.map((tier) => after(tier.after)) }),
  };
}
