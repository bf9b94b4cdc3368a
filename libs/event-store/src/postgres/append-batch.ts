import type { ClientBase, Pool } from 'pg';

import type { AppendResult, ExpectedRevision } from '../event-store.js';
import type { PreparedEvent } from '../prepared-event.js';
import { APPENDED, DUPLICATE, EXPECT_EXISTS, EXPECT_NONE } from './append-function.js';
import { query } from './connections.js';

/** One checked append. */
export interface Append {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly PreparedEvent[];
}

/**
 * Sends appends as one transaction, in one round trip, and answers each for itself, in their order.
 * No two may be on the same stream, and all senders must sort them by stream: rows are locked in the
 * order given.
 *
 * @throws whatever `pg` throws; then none of them is known to be stored.
 */
export async function sendBatch(
  db: Pool | ClientBase,
  schema: string,
  appends: readonly Append[],
): Promise<AppendResult[]> {
  const events = appends.flatMap((append) => append.events);
  const rows = await query<[string, string, string, string | null]>(
    db,
    'event-store.append',
    `select * from ${schema}.append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      texts(appends.map((append) => append.stream)),
      plain(appends.map((append) => expectation(append.expected))),
      plain(appends.map((append) => append.events.length)),
      plain(appends.flatMap((append, index) => append.events.map(() => index + 1))),
      plain(appends.flatMap((append) => append.events.map((_, index) => index + 1))),
      plain(events.map((event) => event.eventId)),
      texts(events.map((event) => event.type)),
      plain(events.map((event) => event.schemaVersion)),
      texts(events.map((event) => event.data)),
      texts(events.map((event) => event.metadata)),
    ],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('append_batch answered nothing');
  return readAnswers(...row);
}

function expectation(expected: ExpectedRevision): number {
  if (expected === 'none') return EXPECT_NONE;
  return expected === 'exists' ? EXPECT_EXISTS : expected;
}

/** An array literal of values that need no quoting. */
function plain(values: readonly (string | number)[]): string {
  return `{${values.join(',')}}`;
}

/** An array literal of any texts. */
function texts(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

function readAnswers(
  outcomes: string,
  revisions: string,
  foundAt: string,
  placed: string | null,
): AppendResult[] {
  const revision = elements(revisions);
  const duplicateAt = elements(foundAt);
  const appendedAt = placed === null ? [] : elements(placed);
  let next = 0;
  return Array.from(outcomes, (outcome, index): AppendResult => {
    const ends = Number(revision[index]);
    if (outcome === APPENDED) {
      return { outcome: 'appended', revision: ends, position: String(appendedAt[next++]) };
    }
    return outcome === DUPLICATE
      ? { outcome: 'duplicate', revision: ends, position: String(duplicateAt[index]) }
      : { outcome: 'conflict', revision: ends };
  });
}

/** The members of a Postgres array of numbers, as text. */
function elements(array: string): string[] {
  return array.slice(1, -1).split(',');
}
