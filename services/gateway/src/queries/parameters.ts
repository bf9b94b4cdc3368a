import { findUnstorableText, parseInput } from '@countersign/kernel';
import { z } from 'zod';

/** Text to compare a column with: what the database could not take can match nothing either. */
export const Text = z
  .string()
  .max(300)
  .refine((text) => findUnstorableText(text) === undefined, 'holds a NUL character');

/** One of some upper-case values, in any case. */
export const anyCase = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.string().toUpperCase().pipe(z.enum(values));

/** A whole number, between 1 and `max`. */
export const limit = (max: number, usual: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, 'a whole number')
    .transform(Number)
    .pipe(z.int().min(1).max(max))
    .default(usual);

/** The parameters of every list that is read in pages. */
export const paging = { limit: limit(200, 50), cursor: Text.optional() };

export const Uuid = z.uuid().toLowerCase();

/**
 * Parses a query string. A parameter without a value counts as absent.
 *
 * @throws AppError `query.invalid` naming every parameter that is unknown, repeated or wrong.
 */
export function parseQuery<Schema extends z.ZodObject>(
  schema: Schema,
  query: unknown,
): z.output<Schema> {
  const given = Object.entries(query as object).filter(([, value]) => value !== '');
  return parseInput(schema, Object.fromEntries(given), 'query.invalid');
}

/** Of queries that take none. */
export const NoParameters = z.strictObject({});
