import { rule } from '@countersign/kernel';

import { type Calendar, DAYS } from './calendar.js';
import { type Duration, durationParts } from './duration.js';
import { WallClock } from './wall-clock.js';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

/** Days ahead that are looked at. Twice the longest duration: it holds as many working days as most calendars have. */
const HORIZON_DAYS = 2 * 3_660;

/** From one moment to another, as milliseconds since 1970. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The moment when so much working time has passed, the earliest there is: work that fills a day ends with that day, not when
 * the next begins. Nothing at all ends at once, or, outside of the hours, when work is taken up.
 *
 * Hours count as they pass. Where the clock is put back an hour within them it counts twice, where it is put forward not at
 * all; hours begin and end when the clock first shows their time or a later one.
 *
 * @param ms milliseconds of work, at least 0
 * @throws AppError `rule` `calendar.out-of-reach` when as much does not pass within twenty years
 */
export function addBusinessTime(start: Date, ms: number, calendar: Calendar): Date {
  let left = ms;
  for (const day of new BusinessDays(calendar).from(start.getTime())) {
    for (const { from, to } of day.spans) {
      if (left <= to - from) return new Date(from + left);
      left -= to - from;
    }
  }
  throw outOfReach(calendar);
}

/**
 * The moment when a duration has passed in a calendar. A day is a working day, whatever its hours: it has passed when the
 * clock shows the same time on the next day with work, or when work is taken up again after that. A week is as many working
 * days as the calendar has days of the week with hours. Hours, minutes and seconds come after them and are of work, as
 * `addBusinessTime` counts them.
 *
 * @throws AppError as `addBusinessTime`
 */
export function addBusinessDuration(start: Date, duration: Duration, calendar: Calendar): Date {
  const { weeks, days, timeMs } = durationParts(duration);
  const workdays = weeks * new Set(calendar.hours.flatMap((hours) => hours.days)).size + days;
  const from = workdays === 0 ? start : addWorkdays(start, workdays, calendar);
  return addBusinessTime(from, timeMs, calendar);
}

function addWorkdays(start: Date, count: number, calendar: Calendar): Date {
  const begin = addBusinessTime(start, 0, calendar).getTime();
  const days = new BusinessDays(calendar);
  const shown = days.clock.shows(begin);
  const first = Math.floor(shown / DAY_MS);
  let left = count;
  for (const { day } of days.from(begin)) {
    if (day <= first) continue;
    left -= 1;
    if (left === 0) return new Date(days.clock.firstAt(day * DAY_MS + (shown % DAY_MS)));
  }
  throw outOfReach(calendar);
}

const outOfReach = ({ name }: Calendar) =>
  rule('calendar.out-of-reach', `calendar ${name} has not so much working time in twenty years`);

/** The days of a calendar on which work is done. A day is a number: how many after 1970-01-01 its date is. */
class BusinessDays {
  readonly clock: WallClock;
  /** By day of the week, from Monday: stretches of minutes after midnight that do not touch. */
  readonly #hours: readonly (readonly (readonly [number, number])[])[];
  readonly #holidays: ReadonlySet<number>;

  constructor({ timeZone, hours, holidays }: Calendar) {
    this.clock = new WallClock(timeZone);
    this.#holidays = new Set(holidays.map((date) => Date.parse(date) / DAY_MS));
    this.#hours = DAYS.map((name) =>
      joined(
        hours
          .filter(({ days }) => days.includes(name))
          .map(({ from, to }) => [minutesOf(from), minutesOf(to)]),
      ),
    );
  }

  /** Each day with what is left of its working time after a moment, in order, up to the horizon. */
  *from(moment: number): Generator<{ readonly day: number; readonly spans: readonly Span[] }> {
    // Where the clock is put back over midnight, hours of the day before may still run.
    const first = Math.floor(this.clock.shows(moment) / DAY_MS) - 1;
    for (let day = first; day <= first + HORIZON_DAYS; day += 1) {
      const spans = this.#spans(day).flatMap(({ from, to }) =>
        to > Math.max(from, moment) ? [{ from: Math.max(from, moment), to }] : [],
      );
      if (spans.length > 0) yield { day, spans };
    }
  }

  #spans(day: number): Span[] {
    if (this.#holidays.has(day)) return [];
    // 1970-01-01 was a Thursday.
    const hours = this.#hours[(day + 3) % 7] ?? [];
    const at = (minutes: number): number => this.clock.firstAt(day * DAY_MS + minutes * MINUTE_MS);
    return hours.map(([from, to]) => ({ from: at(from), to: at(to) }));
  }
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function joined(stretches: readonly (readonly [number, number])[]): [number, number][] {
  const result: [number, number][] = [];
  for (const [from, to] of [...stretches].sort(([a], [b]) => a - b)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}
