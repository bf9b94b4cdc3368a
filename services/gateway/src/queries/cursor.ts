import { invalid } from '@countersign/kernel';
import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';

/** One page of a list, newest first. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** What to pass as `cursor` for the items after these; null on the last page. */
  readonly nextCursor: string | null;
}

/** The last row of a page: its creation in microseconds since the epoch, and its id. */
const Place = z.tuple([z.string().regex(/^\d{1,16}$/), z.uuid()]);
export type Place = z.infer<typeof Place>;

/** Opaque to clients, so that it may change. */
export function encodeCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @throws AppError `query.bad-cursor`. */
export function decodeCursor(cursor: string): Place {
  try {
    return Place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw invalid('query.bad-cursor', 'not a cursor as a list gave it', { cause });
  }
}

/** Tables keep times in microseconds, JavaScript in milliseconds: a cursor made of the latter would skip. */
export const createdMicros = sql<string>`(extract(epoch FROM created_at) * 1000000)::bigint`;

/** The rows that come after a place when ordered by `created_at DESC, id DESC`. */
export function after([micros, id]: Place, idColumn: string): RawBuilder<boolean> {
  const whole = BigInt(micros);
  const seconds = new Date(Number(whole / 1000n)).toISOString().slice(0, -1);
  const at = `${seconds}${String(whole % 1000n).padStart(3, '0')}Z`;
  return sql<boolean>`(created_at, ${sql.ref(idColumn)}) < (${at}::timestamptz, ${id}::uuid)`;
}

/** A page from rows of which one more than asked for was fetched. */
export function toPage<Row extends { readonly created_micros: string }, Item>(
  rows: readonly Row[],
  limit: number,
  idOf: (row: Row) => string,
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    items: shown.map(toItem),
    nextCursor: more ? encodeCursor([last.created_micros, idOf(last)]) : null,
  };
}
