import { z } from 'zod';

import { Name } from './names.js';

/** In the order of ISO 8601. */
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const TimeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a time of day such as 08:30, at most 24:00');

const TimeZone = z.string().max(100).refine(isTimeZone, 'not a time zone of the IANA database');

/** When work is done: the hours in which deadlines run. */
export const Calendar = z.strictObject({
  name: Name,
  timeZone: TimeZone,
  hours: z
    .array(
      z
        .strictObject({ days: z.array(z.enum(DAYS)).min(1).max(7), from: TimeOfDay, to: TimeOfDay })
        .refine(({ from, to }) => from < to, 'from must be before to'),
    )
    .min(1)
    .max(50),
  /** Days of that time zone on which no work is done. */
  holidays: z.array(z.iso.date()).max(2_000).default([]),
});
export type Calendar = z.infer<typeof Calendar>;

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
