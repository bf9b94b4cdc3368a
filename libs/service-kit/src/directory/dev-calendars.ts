import type { Calendar } from '@countersign/state-machine';

const WEEKDAYS: Calendar['hours'][number]['days'] = ['mon', 'tue', 'wed', 'thu', 'fri'];

/**
 * The working time of two trading floors, for policies on a developer's machine: `calendar: 'london'`, `calendar: 'new-york'`.
 * Holidays are the bank holidays of England and the full days on which the NYSE is closed.
 */
export const devCalendars: Calendar[] = [
  {
    name: 'london',
    timeZone: 'Europe/London',
    hours: [{ days: WEEKDAYS, from: '08:00', to: '18:00' }],
    holidays: [
      ...['01-01', '04-03', '04-06', '05-04', '05-25', '08-31', '12-25', '12-28'].map(of(2026)),
      ...['01-01', '03-26', '03-29', '05-03', '05-31', '08-30', '12-27', '12-28'].map(of(2027)),
    ],
  },
  {
    name: 'new-york',
    timeZone: 'America/New_York',
    hours: [{ days: WEEKDAYS, from: '08:00', to: '18:00' }],
    holidays: [
      ...[
        '01-01',
        '01-19',
        '02-16',
        '04-03',
        '05-25',
        '06-19',
        '07-03',
        '09-07',
        '11-26',
        '12-25',
      ].map(of(2026)),
      ...[
        '01-01',
        '01-18',
        '02-15',
        '03-26',
        '05-31',
        '06-18',
        '07-05',
        '09-06',
        '11-25',
        '12-24',
      ].map(of(2027)),
    ],
  },
];

function of(year: number): (day: string) => string {
  return (day) => `${year}-${day}`;
}
