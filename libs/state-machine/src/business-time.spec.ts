import { describe, expect, it } from '@jest/globals';

import { addBusinessDuration, addBusinessTime, Calendar, deadlinesOf } from './index.js';

const HOUR = 3_600_000;
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri'] as const;
const london = Calendar.parse({
  name: 'london',
  timeZone: 'Europe/London',
  hours: [{ days: [...weekdays], from: '08:00', to: '18:00' }],
  holidays: ['2026-12-25', '2026-12-28', '2027-01-01'],
});
const always = Calendar.parse({
  ...london,
  hours: [{ days: [...weekdays, 'sat', 'sun'], from: '00:00', to: '24:00' }],
  holidays: [],
});
const at = (moment: string) => new Date(moment);
const after = (start: string, duration: string, calendar = london) =>
  addBusinessDuration(at(start), duration, calendar).toISOString();

describe('a duration in a calendar', () => {
  it.each([
    ['hours within a day', '2026-11-24T09:00:00Z', 'PT8H', '2026-11-24T17:00:00.000Z'],
    ['hours that fill a day', '2026-11-24T08:00:00Z', 'PT10H', '2026-11-24T18:00:00.000Z'],
    ['hours over night', '2026-11-24T17:00:00Z', 'PT3H', '2026-11-25T10:00:00.000Z'],
    ['hours over a weekend', '2026-11-27T17:30:00Z', 'PT1H', '2026-11-30T08:30:00.000Z'],
    ['hours from outside of work', '2026-11-28T23:00:00Z', 'PT1H30M', '2026-11-30T09:30:00.000Z'],
    ['hours over holidays', '2026-12-24T17:00:00Z', 'PT2H', '2026-12-29T09:00:00.000Z'],
    ['a day', '2026-11-24T10:00:00Z', 'P1D', '2026-11-25T10:00:00.000Z'],
    ['a day over a weekend', '2026-11-27T10:00:00Z', 'P1D', '2026-11-30T10:00:00.000Z'],
    ['a day from outside of work', '2026-11-28T10:00:00Z', 'P1D', '2026-12-01T08:00:00.000Z'],
    ['a week', '2026-11-24T10:00:00Z', 'P1W', '2026-12-01T10:00:00.000Z'],
    ['a week with holidays', '2026-12-24T10:00:00Z', 'P1W', '2027-01-05T10:00:00.000Z'],
    ['days, then hours', '2026-11-26T16:00:00Z', 'P1DT4H', '2026-11-30T10:00:00.000Z'],
    // The clock is put forward on Sunday: 10:00 is 09:00Z.
    ['a day over a change of the clock', '2027-03-26T10:00:00Z', 'P1D', '2027-03-29T09:00:00.000Z'],
  ])('%s', (_name, start, duration, expected) => {
    expect(after(start, duration)).toBe(expected);
  });

  it('goes on when work does, where that ends earlier on the day', () => {
    const short = { ...london, hours: [...london.hours] };
    short.hours[0] = { days: ['mon', 'tue', 'wed', 'thu'], from: '08:00', to: '18:00' };
    short.hours[1] = { days: ['fri'], from: '08:00', to: '12:00' };
    expect(after('2026-11-26T15:00:00Z', 'P1D', short)).toBe('2026-11-30T08:00:00.000Z');
    expect(after('2026-11-26T15:00:00Z', 'P2D', short)).toBe('2026-11-30T15:00:00.000Z');
  });

  it('knows days of 23 and of 25 hours', () => {
    expect(after('2027-03-28T00:00:00Z', 'PT24H', always)).toBe('2027-03-29T00:00:00.000Z');
    expect(after('2027-03-28T00:00:00Z', 'P1D', always)).toBe('2027-03-28T23:00:00.000Z');
    expect(after('2026-10-24T23:00:00Z', 'P1D', always)).toBe('2026-10-26T00:00:00.000Z');
  });

  it('is bounded, and has an end that is named', () => {
    const seldom = Calendar.parse({
      ...london,
      hours: [{ days: ['mon'], from: '09:00', to: '10:00' }],
    });
    const mondays = Array.from({ length: 2_000 }, (_, week) =>
      new Date(Date.parse('2026-11-23') + week * 7 * 24 * HOUR).toISOString().slice(0, 10),
    );
    const never = Calendar.parse({ ...seldom, holidays: mondays });
    const named = expect.objectContaining({ kind: 'rule', code: 'calendar.out-of-reach' });
    const begun = performance.now();
    expect(() => after('2026-11-24T10:00:00Z', 'P3660D', seldom)).toThrow(named);
    expect(() => addBusinessTime(at('2026-11-24T10:00:00Z'), 87_840 * HOUR, seldom)).toThrow(named);
    expect(() => after('2026-11-24T10:00:00Z', 'PT1S', never)).toThrow(named);
    expect(() => after('2026-11-24T10:00:00Z', 'P1D', never)).toThrow(named);
    expect(after('2026-11-24T10:00:00Z', 'P3660D', always)).toBe('2036-12-01T10:00:00.000Z');
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

describe('the deadlines of an approval', () => {
  const policy = {
    expiry: { after: 'P2D', outcome: 'reject' as const },
    reminders: ['P1D', 'PT4H'],
    escalation: [{ after: 'PT8H', approvers: ['role:head'] }],
  };
  const friday = at('2026-11-27T16:00:00Z');

  it('run at every hour, or in the calendar that the policy names', () => {
    expect(deadlinesOf(policy, friday, undefined)).toEqual({
      expiresAt: '2026-11-29T16:00:00.000Z',
      reminders: ['2026-11-27T20:00:00.000Z', '2026-11-28T16:00:00.000Z'],
      escalations: ['2026-11-28T00:00:00.000Z'],
    });
    expect(deadlinesOf({ ...policy, calendar: 'london' }, friday, london)).toEqual({
      expiresAt: '2026-12-01T16:00:00.000Z',
      reminders: ['2026-11-30T10:00:00.000Z', '2026-11-30T16:00:00.000Z'],
      escalations: ['2026-11-30T14:00:00.000Z'],
    });
    expect(deadlinesOf({}, friday, london)).toEqual({});
  });

  it('cannot be told without that calendar', () => {
    const unknown = expect.objectContaining({ kind: 'rule', code: 'calendar.unknown' });
    expect(() => deadlinesOf({ calendar: 'london' }, friday, undefined)).toThrow(unknown);
    expect(() => deadlinesOf({ calendar: 'paris' }, friday, london)).toThrow(unknown);
  });
});
