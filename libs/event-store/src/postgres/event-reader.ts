import type { StoredEvent } from '@countersign/kernel';
import type { Pool } from 'pg';

import type { FeedFilter } from '../event-store.js';
import { query } from './connections.js';
import { EVENT_COLUMNS, type EventRow, toStoredEvent } from './stored-rows.js';

/** Plain reads of streams and of the settled part of the global order. */
export class EventReader {
  readonly #pool: Pool;
  readonly #all: string;
  readonly #filtered: string;
  readonly #stream: string;
  readonly #head: string;

  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    const events = `${schema}.events`;
    this.#all = `select ${EVENT_COLUMNS} from ${events}
      where position > $1 and position <= $2 order by position limit $3`;
    // One range of the category index each: compared as rows, for that no other index can serve, and
    // with statistics from when the table was small the planner would filter the whole order instead.
    // The last join is fenced by an offset so that it stays one index probe a position.
    this.#filtered = `select event.* from (
        select found.position from unnest($4::text[]) as wanted(category) cross join lateral (
          select e.position from ${events} e
          where (e.category, e.position) > (wanted.category, $1)
            and (e.category, e.position) <= (wanted.category, $2)
          order by e.category, e.position limit $3
        ) found order by found.position limit $3
      ) page cross join lateral (
        select ${EVENT_COLUMNS} from ${events} e where e.position = page.position offset 0
      ) event order by page.position`;
    this.#stream = `select ${EVENT_COLUMNS} from ${events}
      where stream_id = $1 and revision >= $2 order by revision limit $3`;
    this.#head = `select max(position) from ${events}`;
  }

  async stream(stream: string, from: number, max: number | undefined): Promise<StoredEvent[]> {
    const values = [stream, from, max ?? null];
    return this.#events('event-store.stream', this.#stream, values);
  }

  /** Matching events above `after` up to `upTo`, which must be settled. */
  async range(
    after: number,
    upTo: number,
    filter: FeedFilter,
    max: number,
  ): Promise<StoredEvent[]> {
    if (after >= upTo) return [];
    if (filter.categories === undefined) {
      return this.#events('event-store.range', this.#all, [after, upTo, max]);
    }
    const categories = [...new Set(filter.categories)];
    const values = [after, upTo, max, categories];
    return this.#events('event-store.filtered-range', this.#filtered, values);
  }

  /** The highest visible position, settled or not. */
  async head(): Promise<string | undefined> {
    const rows = await query<[string | null]>(this.#pool, 'event-store.head', this.#head, []);
    return rows[0]?.[0] ?? undefined;
  }

  async #events(name: string, text: string, values: readonly unknown[]): Promise<StoredEvent[]> {
    const rows = await query<EventRow>(this.#pool, name, text, values);
    return rows.map(toStoredEvent);
  }
}
