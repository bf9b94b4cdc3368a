import { z } from 'zod';

const DURATION =
  /^P(?=[\dT])(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:\.\d{1,3})?)S)?)?$/;

const SECOND = 1_000;
const DAY = 86_400 * SECOND;
const UNITS = [7 * DAY, DAY, 3_600 * SECOND, 60 * SECOND, SECOND];
const LONGEST_DAYS = 3_660;
const LONGEST = LONGEST_DAYS * DAY;

/**
 * Length in milliseconds of an ISO 8601 duration in units that always have the same length: weeks, days of
 * 24 hours, hours, minutes, seconds. Undefined for anything else.
 */
function parse(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (!match) return undefined;
  return UNITS.reduce((sum, unit, index) => sum + unit * Number(match[index + 1] ?? 0), 0);
}

/** An ISO 8601 duration such as `PT1H30M` or `P2D`: more than nothing, at most ten years, without months and years. */
export const Duration = z
  .string()
  .max(40)
  .refine(
    (text) => {
      const length = parse(text);
      return length !== undefined && length > 0 && length <= LONGEST;
    },
    {
      error: `must be an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as PT1H30M, from PT0.001S to P${LONGEST_DAYS}D`,
      // Whoever checks more of it takes its length, which this has not.
      abort: true,
    },
  );
export type Duration = z.infer<typeof Duration>;

/** A duration by its parts, for a calendar, where a day is a working day and an hour one of work. */
export interface DurationParts {
  readonly weeks: number;
  readonly days: number;
  /** Hours, minutes and seconds together, in milliseconds. */
  readonly timeMs: number;
}

/** @throws RangeError for what `Duration` does not take */
export function durationParts(duration: Duration): DurationParts {
  const [, weeks = 0, days = 0] = DURATION.exec(duration) ?? [];
  const whole = { weeks: Number(weeks), days: Number(days) };
  return { ...whole, timeMs: durationMs(duration) - (whole.weeks * 7 + whole.days) * DAY };
}

/** The length of a duration in milliseconds. @throws RangeError for what `Duration` does not take */
export function durationMs(duration: Duration): number {
  const length = parse(duration);
  if (length === undefined) throw new RangeError(`${duration} is not a duration`);
  return Math.round(length);
}
