import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { addBusinessDuration, addBusinessTime, Calendar } from './index.js';

/**
 * An oracle that knows nothing of time zones: it walks through a fortnight minute by minute, and asks `Intl` what the clock
 * on the wall shows in each of them.
 */
class Fortnight {
  readonly #moments: number[] = [];
  /** What the clock shows, as milliseconds of the same date and time in UTC. */
  readonly #shown: number[] = [];
  readonly #firsts = new Map<number, number>();

  constructor(
    readonly timeZone: string,
    readonly start: string,
  ) {
    const clock = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      dateStyle: 'short',
      timeStyle: 'short',
    });
    const first = Date.parse(`${start}T00:00:00Z`);
    for (let minute = 0; minute < 14 * 1_440; minute += 1) {
      const moment = first + minute * 60_000;
      const [, day, month, year, time] =
        /^(\d\d)\/(\d\d)\/(\d{4}), (\d\d:\d\d)$/.exec(clock.format(moment)) ?? [];
      this.#moments.push(moment);
      this.#shown.push(Date.parse(`${year ?? ''}-${month ?? ''}-${day ?? ''}T${time ?? ''}:00Z`));
    }
  }

  moment(minute: number): Date {
    return new Date(this.#moments[minute] ?? NaN);
  }

  shown(minute: number): number {
    return this.#shown[minute] ?? NaN;
  }

  /** The minute in which the clock first shows a local time or a later one. */
  first(local: number): number {
    const known = this.#firsts.get(local);
    if (known !== undefined) return known;
    const minute = this.#shown.findIndex((shown) => shown >= local);
    const first = minute === -1 ? this.#shown.length : minute;
    this.#firsts.set(local, first);
    return first;
  }

  /** Whether work is done, minute by minute. */
  worked({ hours, holidays }: Calendar): boolean[] {
    const worked = this.#moments.map(() => false);
    const first = Math.floor(this.shown(0) / DAY_MS);
    for (let day = first; day < first + 16; day += 1) {
      const midnight = day * DAY_MS;
      if (holidays.includes(iso(midnight).slice(0, 10))) continue;
      const weekday = new Date(midnight).toUTCString().slice(0, 3).toLowerCase();
      for (const { days, from, to } of hours) {
        if (!(days as string[]).includes(weekday)) continue;
        worked.fill(true, this.first(midnight + ms(from)), this.first(midnight + ms(to)));
      }
    }
    return worked;
  }
}

const DAY_MS = 86_400_000;
const iso = (at: number): string => new Date(at).toISOString();
const ms = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return (hours * 60 + minutes) * 60_000;
};

/** Clocks that are put forward or back in the middle, in the ways there are. */
const fortnights = [
  ['Europe/London', '2027-03-22'],
  ['Europe/London', '2026-10-19'],
  ['America/New_York', '2027-03-08'],
  ['America/New_York', '2026-10-26'],
  // By half an hour.
  ['Australia/Lord_Howe', '2026-09-28'],
  ['Australia/Lord_Howe', '2027-03-29'],
  // At midnight, both ways.
  ['America/Santiago', '2026-08-31'],
  ['America/Santiago', '2027-03-29'],
  ['America/Havana', '2026-10-26'],
  // One minute after midnight, back to the day before.
  ['America/St_Johns', '2010-11-01'],
  // A day that never was.
  ['Pacific/Apia', '2011-12-24'],
  ['Asia/Kathmandu', '2026-11-02'],
].map(([timeZone = '', start = '']) => new Fortnight(timeZone, start));

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const time = fc
  .integer({ min: 0, max: 48 })
  .map((half) => `${String(half >> 1).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`);
const hours = fc
  .record({ days: fc.uniqueArray(fc.constantFrom(...DAYS), { minLength: 1 }), a: time, b: time })
  .filter(({ a, b }) => a !== b)
  .map(({ days, a, b }) => ({ days, from: a < b ? a : b, to: a < b ? b : a }));

const cases = fc.constantFrom(...fortnights).chain((fortnight) =>
  fc.record({
    fortnight: fc.constant(fortnight),
    // From the third day on, so that the oracle has seen the days before.
    minute: fc.integer({ min: 3 * 1_440, max: 8 * 1_440 }),
    calendar: fc
      .record({
        hours: fc.array(hours, { minLength: 1, maxLength: 4 }),
        off: fc.uniqueArray(fc.integer({ min: 0, max: 13 }), { maxLength: 3 }),
      })
      .map(({ hours, off }) =>
        Calendar.parse({
          name: 'test',
          timeZone: fortnight.timeZone,
          hours,
          holidays: off.map((day) => iso(Date.parse(fortnight.start) + day * DAY_MS).slice(0, 10)),
        }),
      ),
  }),
);

describe('working time', () => {
  it('passes minute by minute', () => {
    const amounts = fc.oneof(
      fc.integer({ min: 0, max: 600 }),
      fc.integer({ min: 0, max: 6 * 1_440 }),
    );
    fc.assert(
      fc.property(cases, amounts, ({ fortnight, minute, calendar }, amount) => {
        const worked = fortnight.worked(calendar);
        let left = amount;
        let at = minute;
        while (at < worked.length && (left > 0 || (amount === 0 && worked[at] === false))) {
          if (worked[at] === true) left -= 1;
          at += 1;
        }
        fc.pre(at < worked.length);
        expect(addBusinessTime(fortnight.moment(minute), amount * 60_000, calendar)).toEqual(
          fortnight.moment(at),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('passes day by day', () => {
    const amounts = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(cases, amounts, ({ fortnight, minute, calendar }, days) => {
        const worked = fortnight.worked(calendar);
        const next = (from: number): number => {
          const found = worked.indexOf(true, from);
          return found === -1 ? worked.length : found;
        };
        const begin = next(minute);
        fc.pre(begin < worked.length);
        const clock = fortnight.shown(begin) % DAY_MS;
        let midnight = fortnight.shown(begin) - clock;
        for (let left = days; left > 0;) {
          midnight += DAY_MS;
          const first = fortnight.first(midnight);
          const last = fortnight.first(midnight + DAY_MS);
          fc.pre(last < worked.length);
          if (worked.slice(first, last).includes(true)) left -= 1;
        }
        const end = next(fortnight.first(midnight + clock));
        fc.pre(end < worked.length);
        expect(
          addBusinessDuration(fortnight.moment(minute), `P${days}D`, calendar).toISOString(),
        ).toBe(fortnight.moment(end).toISOString());
      }),
      { numRuns: 300 },
    );
  });

  it('adds up, and never runs backwards', () => {
    const small = fc.integer({ min: 0, max: 30 * 3_600_000 });
    fc.assert(
      fc.property(cases, small, small, ({ fortnight, minute, calendar }, a, b) => {
        const start = fortnight.moment(minute);
        const there = addBusinessTime(start, a, calendar);
        expect(there.getTime()).toBeGreaterThanOrEqual(start.getTime());
        const whole = addBusinessTime(start, a + b, calendar);
        if (b > 0) expect(addBusinessTime(there, b, calendar)).toEqual(whole);
      }),
    );
  });
});
