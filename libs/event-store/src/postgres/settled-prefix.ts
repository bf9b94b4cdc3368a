import type { Pool } from 'pg';

import { markerFloor } from './append-marker.js';
import { query } from './connections.js';

/** Beyond this many positions it is cheaper to wait for the appends under way than to count. */
const COUNT_AT_MOST = 5_000;

/**
 * How far the global order is settled: at or below this position nothing can appear any more. What
 * a statement that starts later sees up to here is all there will ever be.
 *
 * Positions come from a sequence, so they are handed out in order but become visible in any order,
 * and those of rolled-back appends never do. Every append takes a marker before the sequence moves,
 * which says how far the sequence was; it is released after the append has become visible. So all
 * positions up to the lowest living marker, and no higher than one that is visible, are settled. And
 * without looking at markers: where no position is missing, none can appear.
 *
 * It only ever grows, and is remembered for the whole process: holes cost nothing once passed.
 */
export class SettledPrefix {
  readonly #pool: Pool;
  readonly #sql: string;
  #value = 0;

  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    // The snapshot is taken before the markers are read, so whoever holds none by then either had
    // ended, which a later snapshot shows, or takes its positions above the head seen here.
    this.#sql = `
      with head as (select coalesce(max(position), 0) as at from ${schema}.events),
        floor as (select ${markerFloor(schema, 'head.at')} as at from head)
      select head.at, floor.at,
        case when floor.at < head.at and head.at - $1 <= ${COUNT_AT_MOST} then
          (select count(*) from ${schema}.events where position > $1 and position <= head.at)
        end
      from head, floor`;
  }

  get value(): number {
    return this.#value;
  }

  /** Takes over what a reader has found: every position from the settled ones up to here is there. */
  extendTo(position: number): void {
    this.#value = Math.max(this.#value, position);
  }

  /** Looks anew. Answers the highest visible position, which is settled or will be soon. */
  async probe(): Promise<number> {
    const from = this.#value;
    const rows = await query<[string, string | null, string | null]>(
      this.#pool,
      'event-store.probe',
      this.#sql,
      [from],
    );
    const [at, floor, count] = rows[0] ?? ['0', null, null];
    const head = Number(at);
    const gapless = count !== null && Number(count) === head - from;
    this.extendTo(floor === null || gapless ? head : Math.min(head, Number(floor)));
    return head;
  }
}
