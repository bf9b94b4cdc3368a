import { codeOf } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { dueTimes, MAX_CATCH_UP, MISSED_AFTER_MS, parseSchedule } from './schedule.js';

const between = (cron: string, timeZone: string, from: string, until: string): string[] => {
  const schedule = parseSchedule(cron, timeZone);
  const end = new Date(until);
  const times: string[] = [];
  for (let time = schedule.next(new Date(from)); time && time <= end; time = schedule.next(time)) {
    times.push(time.toISOString().slice(0, 16));
  }
  return times;
};

describe('a schedule', () => {
  it.each([
    ['60 * * * *', 'UTC', 'trigger.cron-invalid'],
    ['* * * *', 'UTC', 'trigger.cron-invalid'],
    ['* * * * * * 2030', 'UTC', 'trigger.cron-invalid'],
    ['? 8 * * *', 'UTC', 'trigger.cron-invalid'],
    ['@daily', 'UTC', 'trigger.cron-invalid'],
    ['2030-01-01T00:00:00', 'UTC', 'trigger.cron-invalid'],
    ['0 0 30 2 *', 'UTC', 'trigger.cron-invalid'],
    ['*/0 * * * *', 'UTC', 'trigger.cron-invalid'],
    ['0 8 * * *', 'Europe/Nowhere', 'trigger.time-zone-invalid'],
    ['0 8 * * *', '+02:00', 'trigger.time-zone-invalid'],
  ])('%s in %s is refused with %s', (cron, timeZone, code) => {
    expect(codeOf(() => parseSchedule(cron, timeZone))).toBe(code);
  });

  it('moves a time of day that does not exist to the first one that does', () => {
    expect(
      between('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00Z', '2026-03-30T12:00Z'),
    ).toEqual(['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30']);
  });

  it('fires once at a time of day that exists twice', () => {
    expect(
      between('30 2 * * *', 'Europe/Berlin', '2026-10-24T00:00Z', '2026-10-26T12:00Z'),
    ).toEqual(['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30']);
  });

  it('leaves out what does not exist, and repeats what does twice, within the hour', () => {
    expect(
      between('*/30 1-3 * * *', 'Europe/Berlin', '2026-03-28T23:30Z', '2026-03-29T03:00Z'),
    ).toEqual(['2026-03-29T00:00', '2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T01:30']);
    expect(
      between('*/30 2 * * *', 'Europe/Berlin', '2026-10-24T22:00Z', '2026-10-25T03:00Z'),
    ).toEqual(['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30']);
  });

  it('names the same times backward as forward', () => {
    const crons = fc.constantFrom('*/20 * * * * *', '7 * * * *', '30 2 * * *', '0,30 1-3 * * SUN');
    const zones = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
    );
    const changes = fc.constantFrom(
      '2026-03-08',
      '2026-03-29',
      '2026-04-05',
      '2026-10-25',
      '2026-11-01',
    );
    const offsets = fc.integer({ min: -86_400_000, max: 86_400_000 });
    fc.assert(
      fc.property(crons, zones, changes, offsets, (cron, zone, day, offset) => {
        const schedule = parseSchedule(cron, zone);
        const until = new Date(Date.parse(day) + offset);
        const times = schedule.last(until, 20);
        const [first = until] = times;
        const forward = [first];
        for (let time = schedule.next(first); time && time <= until; time = schedule.next(time)) {
          forward.push(time);
        }
        expect(times).toEqual(forward);
        expect(times.at(-1)?.getTime()).toBeLessThanOrEqual(until.getTime());
      }),
      { numRuns: 60 },
    );
  });
});

describe('times that are due', () => {
  const schedule = parseSchedule('*/7 * * * * *', 'UTC');
  const base = Date.parse('2026-11-24T09:00:00Z');
  const at = (seconds: number) => new Date(base + seconds * 1_000);
  const seconds = fc.integer({ min: 0, max: 3_000 });

  it('are every one, fired or left out, as the policy says', () => {
    const policies = fc.constantFrom('skip' as const, 'once' as const, 'catch-up' as const);
    const resumed = fc.option(seconds, { nil: undefined });
    fc.assert(
      fc.property(policies, seconds, seconds, resumed, (policy, from, length, paused) => {
        const now = new Date(at(from + length).getTime() + 250);
        const missedUntil = paused === undefined ? undefined : at(paused);
        // By hand: every second is asked.
        const all: Date[] = [];
        for (let second = from + 1; second <= from + length; second++) {
          if (at(second).getUTCSeconds() % 7 === 0) all.push(at(second));
        }
        const onTime = all.filter(
          (time) =>
            now.getTime() - time.getTime() <= MISSED_AFTER_MS &&
            (missedUntil === undefined || time > missedUntil),
        );
        const missed = all.slice(0, all.length - onTime.length);
        const madeUp = { skip: 0, once: 1, 'catch-up': MAX_CATCH_UP - onTime.length }[policy];
        const due = dueTimes(schedule, policy, at(from), now, missedUntil);
        if (all.length === 0) {
          expect(due).toBeUndefined();
          return;
        }
        const times = [...(madeUp === 0 ? [] : missed.slice(-madeUp)), ...onTime];
        expect(due?.times).toEqual(times);
        expect(due?.until).toEqual(all.at(-1));
        const left = all.length - times.length;
        const { count = 0, more = false } = due?.skipped ?? {};
        expect(more).toBe(all.length > MAX_CATCH_UP + 1);
        expect(count).toBe(more ? MAX_CATCH_UP + 1 - times.length : left);
      }),
      // Once exactly as many as are looked at, which chance rarely finds.
      { numRuns: 60, examples: [['skip', 1, 673, undefined]] },
    );
  });

  it('come once however the time is cut into looks at the clock', () => {
    const looks = fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(looks, (gaps) => {
        let from = at(0);
        let now = base;
        const fired: Date[] = [];
        for (const gap of gaps) {
          now += gap;
          const due = dueTimes(schedule, 'skip', from, new Date(now));
          if (!due) continue;
          fired.push(...due.times);
          from = due.until;
        }
        const whole = schedule.last(new Date(now), 100).filter((time) => time > at(0));
        expect(fired).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });
});
