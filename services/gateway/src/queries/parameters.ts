import { findUnstorableText, parseInput } from '@countersign/kernel';
import { z } from 'zod';

/** Text to compare a column with: what the database could not take can match nothing either. */
export const Text = z
  .string()
  .max(300)
  .refine((text) => findUnstorableText(text) === undefined, 'holds a NUL character');

/** One of some upper-case values, in any case. */
export function anyCase<const Values extends readonly [string, ...string[]]>(values: Values) {
  const lower = values.map((value) => value.toLowerCase());
  const error = `expected one of ${lower.join('|')}, in upper or lower case`;
  return z
    .string()
    .toUpperCase()
    .pipe(z.enum(values, { error }))
    .meta({ enum: [...lower, ...values], description: 'in upper or lower case' });
}

/** A whole number, between 1 and `max`. */
export const wholeNumber = (max: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, 'a whole number')
    .transform(Number)
    .pipe(z.int().min(1).max(max))
    .meta({ type: 'integer', pattern: undefined, minimum: 1, maximum: max });

/** How many items a page has at most. */
export const limit = (max: number, usual: number) =>
  wholeNumber(max).default(usual).meta({ default: usual, description: 'items on a page, at most' });

/** The parameters of every list that is read in pages. */
export const paging = {
  limit: limit(200, 50),
  cursor: Text.optional().describe('`nextCursor` of the page before'),
};

/** A time as replies give it: RFC 3339, UTC, milliseconds. */
export const Timestamp = z.iso.datetime();

/** A reply with a whole list. */
export const itemsOf = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item) });

/** A reply with a page of a list; see `Page`. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  itemsOf(item).extend({
    nextCursor: z
      .string()
      .nullable()
      .describe('what to ask for the items after these with; null on the last page'),
  });

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
