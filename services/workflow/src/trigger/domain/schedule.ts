import type { Missed } from '@countersign/contracts';
import { Cron } from 'croner';

import { wrongAt } from './places.js';

/** The times that a cron expression names in a time zone. All are whole seconds. */
export interface Schedule {
  /** The first time after another, undefined when there is none any more. */
  next(after: Date): Date | undefined;
  /** The last times up to and including another, newest last; at most `max`. */
  last(until: Date, max: number): Date[];
}

/** Nobody notices ten seconds of a restart: times that are older than that when somebody looks were missed. */
export const MISSED_AFTER_MS = 10_000;

/** Times that are made up for at once, at most. */
export const MAX_CATCH_UP = 100;

const OFFSET = /^[+-]/;
const FIELDS = /^\S+(\s+\S+){4,5}$/;

/**
 * Parses a cron expression with croner: five fields, or six with seconds first, so at most once a second. At a
 * change of clocks, a time of day that does not exist is moved to the first one that does, and one that exists twice fires
 * once; what repeats within the hour (lists, steps, ranges) leaves out what does not exist and fires in
 * both of the repeated hours.
 *
 * @throws AppError `trigger.cron-invalid`, `trigger.time-zone-invalid`; the first also for what never comes.
 */
export function parseSchedule(cron: string, timeZone: string): Schedule {
  if (!isTimeZone(timeZone)) {
    throw wrongAt('/timeZone', 'trigger.time-zone-invalid', 'not a time zone of the IANA database');
  }
  // A question mark would stand for the moment at which it is parsed.
  if (!FIELDS.test(cron) || cron.includes('?')) {
    throw wrongAt('/cron', 'trigger.cron-invalid', 'five fields, or six with seconds, without `?`');
  }
  const parsed = parse(cron, timeZone);
  if (!parsed.nextRun(new Date())) {
    throw wrongAt('/cron', 'trigger.cron-invalid', 'there is no such time');
  }
  return {
    next: (after) => parsed.nextRun(after) ?? undefined,
    last: (until, max) => {
      // Croner's end is exclusive.
      const end = new Date(Math.floor(until.getTime() / 1_000) * 1_000 + 1_000);
      return parsed.previousRuns(max, end).reverse();
    },
  };
}

function parse(cron: string, timezone: string): Cron {
  try {
    return new Cron(cron, { timezone, mode: '5-or-6-parts', paused: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : '';
    throw wrongAt('/cron', 'trigger.cron-invalid', reason.slice(0, 300));
  }
}

function isTimeZone(name: string): boolean {
  if (OFFSET.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** What is to be done about a schedule's times after `from`, up to now. */
export interface DueTimes {
  readonly until: Date;
  /** To be fired, oldest first. */
  readonly times: readonly Date[];
  /** Missed and not made up for; `more` when others before `first` were not even looked at. */
  readonly skipped?: {
    readonly first: Date;
    readonly last: Date;
    readonly count: number;
    readonly more: boolean;
  };
}

/**
 * Which times are due after `from`. Missed are those up to `missedUntil` (when a paused trigger was resumed)
 * and those older than `MISSED_AFTER_MS`. Undefined when none is due.
 */
export function dueTimes(
  schedule: Schedule,
  policy: Missed,
  from: Date,
  now: Date,
  missedUntil: Date = new Date(0),
): DueTimes | undefined {
  const { due, more } = timesBetween(schedule, from, now);
  const until = due.at(-1);
  if (!until) return undefined;
  const isMissed = (time: Date) =>
    time <= missedUntil || now.getTime() - time.getTime() > MISSED_AFTER_MS;
  const onTime = due.filter((time) => !isMissed(time));
  const times =
    policy === 'catch-up'
      ? due.slice(-MAX_CATCH_UP)
      : policy === 'once'
        ? onTimeOrLast(due, onTime)
        : onTime;
  const fired = new Set(times);
  const left = due.filter((time) => !fired.has(time));
  const [first] = left;
  const last = left.at(-1);
  if (!first || !last) return { until, times };
  return { until, times, skipped: { first, last, count: left.length, more } };
}

/** The times after `from` up to `now`: all, or one more than are ever made up for and `more` before them. */
function timesBetween(
  schedule: Schedule,
  from: Date,
  now: Date,
): { readonly due: readonly Date[]; readonly more: boolean } {
  const due: Date[] = [];
  for (let time = schedule.next(from); time && time <= now; time = schedule.next(time)) {
    if (due.length > MAX_CATCH_UP) {
      return { due: schedule.last(now, MAX_CATCH_UP + 1), more: true };
    }
    due.push(time);
  }
  return { due, more: false };
}

/** The last missed one stands for all of them. */
function onTimeOrLast(due: readonly Date[], onTime: readonly Date[]): Date[] {
  const missed = due.slice(0, due.length - onTime.length);
  return [...missed.slice(-1), ...onTime];
}
