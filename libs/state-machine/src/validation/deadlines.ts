import { AppError } from '@countersign/kernel';

import type { ApprovalPolicy } from '../approval-policy.js';
import type { Model } from '../analysis/model.js';
import type { Calendar } from '../calendar.js';
import { deadlinesOf } from '../deadlines.js';
import type { Directory } from '../directory.js';
import { type Duration, durationMs, durationParts } from '../duration.js';
import { error, type Finding, warning } from '../finding.js';
import { policiesIn } from './places.js';

/** Times of policies that never come. */
export function checkDeadlines({ definition, options: { directory } }: Model): Finding[] {
  const timeouts = new Map(definition.states.map(({ name, timeout }) => [name, timeout?.after]));
  return policiesIn(definition).flatMap(({ policy, transition, path }) => [
    ...checkTimes(policy, calendarsOf(directory), path),
    ...checkTimeout(policy, timeouts.get(transition.from), path),
  ]);
}

/** Times that never come by a policy alone; of its calendar nothing is asked where the organisation is not known. */
export function checkTimes(
  policy: ApprovalPolicy,
  calendarOf: ((name: string) => Calendar | undefined) | undefined,
  path: string,
): Finding[] {
  return [
    ...(calendarOf === undefined ? [] : checkCalendar(policy, calendarOf, path)),
    ...checkExpiry(policy, path),
    ...checkTiers(policy, path),
  ];
}

function calendarsOf(directory: Directory | undefined) {
  if (directory === undefined) return undefined;
  return (called: string) => directory.calendars?.find(({ name }) => name === called);
}

/** A day like any other: whether a calendar has time enough does not depend on it. */
const SOME_DAY = new Date('2026-01-01T00:00:00Z');

function checkCalendar(
  policy: ApprovalPolicy,
  calendarOf: (name: string) => Calendar | undefined,
  path: string,
): Finding[] {
  if (policy.calendar === undefined) return [];
  const calendar = calendarOf(policy.calendar);
  const at = `${path}/calendar`;
  if (calendar === undefined) {
    const message = `the directory has no calendar ${policy.calendar}`;
    return [error('approval.unknown-calendar', at, message)];
  }
  try {
    deadlinesOf(policy, SOME_DAY, calendar);
    return [];
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    return [error('approval.calendar-out-of-reach', at, cause.message)];
  }
}

/** After an expiry that decides, nobody is reminded or asked. One that escalates leaves the approval open. */
function checkExpiry(policy: ApprovalPolicy, path: string): Finding[] {
  const { expiry } = policy;
  if (expiry === undefined) return [];
  if (expiry.outcome === 'escalate') {
    if ((policy.escalation ?? []).length > 0) return [];
    const message = 'there is nobody to escalate to: say so with escalation';
    return [error('approval.no-escalation', `${path}/expiry/outcome`, message)];
  }
  const inCalendar = policy.calendar !== undefined;
  return timesOf(policy, path)
    .filter(({ after }) => notBefore(after, expiry.after, inCalendar))
    .map(({ at, after }) =>
      error('approval.after-expiry', at, `${after} is not before it expires after ${expiry.after}`),
    );
}

function checkTiers({ escalation = [], calendar }: ApprovalPolicy, path: string): Finding[] {
  return escalation.flatMap(({ after }, tier) => {
    const before = escalation[tier - 1]?.after;
    const inOrder =
      before === undefined || after === before || !notBefore(before, after, calendar !== undefined);
    if (inOrder) return [];
    const message = `${after} is before the tier above, which is asked after ${before}`;
    return [error('approval.escalation-order', `${path}/escalation/${tier}/after`, message)];
  });
}

/** The state's timeout takes the instance away, and its approval with it. In a calendar time passes no faster. */
function checkTimeout(
  policy: ApprovalPolicy,
  timeout: Duration | undefined,
  path: string,
): Finding[] {
  if (timeout === undefined) return [];
  const { expiry } = policy;
  const expiring =
    expiry === undefined ? [] : [{ after: expiry.after, at: `${path}/expiry/after` }];
  return [...expiring, ...timesOf(policy, path)]
    .filter(({ after }) => durationMs(after) >= durationMs(timeout))
    .map(({ at, after }) => {
      const message = `${after} is not before the state is left after ${timeout}, whatever was decided`;
      return warning('approval.after-timeout', at, message);
    });
}

function timesOf({ reminders = [], escalation = [] }: ApprovalPolicy, path: string) {
  return [
    ...reminders.map((after, index) => ({ after, at: `${path}/reminders/${index}` })),
    ...escalation.map(({ after }, tier) => ({ after, at: `${path}/escalation/${tier}/after` })),
  ];
}

/** Whether one duration is at least as long as another; in a calendar, whether it is in every one. */
function notBefore(one: Duration, other: Duration, inCalendar: boolean): boolean {
  if (!inCalendar) return durationMs(one) >= durationMs(other);
  const [a, b] = [durationParts(one), durationParts(other)];
  // A week has one working day at least, and seven at most.
  const asManyDays =
    a.weeks >= b.weeks
      ? a.weeks - b.weeks + a.days >= b.days
      : a.days >= (b.weeks - a.weeks) * 7 + b.days;
  return asManyDays && a.timeMs >= b.timeMs;
}
