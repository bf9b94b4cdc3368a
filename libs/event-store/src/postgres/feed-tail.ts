import type { StoredEvent } from '@countersign/kernel';
import type { Pool } from 'pg';

import type { FeedFilter, FeedPage } from '../event-store.js';
import { Backoff } from '../backoff.js';
import { query } from './connections.js';
import { FeedWindow } from './feed-window.js';
import type { SettledPrefix } from './settled-prefix.js';
import { toStoredEvent } from './stored-rows.js';

/** An event row whose data and metadata are null when nobody wants its category. */
type TailRow = [
  ...[string, string, string, string, string, string],
  ...[string | null, string | null],
];

/** One run of the loop, from the first to join to the last to leave. */
interface Run {
  ended: boolean;
}

export interface FeedTailOptions {
  readonly pool: Pool;
  readonly schema: string;
  readonly settled: SettledPrefix;
  /** Milliseconds between looks when nothing happens. */
  readonly pollInterval: number;
  readonly onError: (error: unknown) => void;
}

const READ_AT_MOST = 1_000;
/** Milliseconds until the next look after something was found; it doubles up to the poll interval. */
const FIRST_POLL = 5;
const MAX_HOLE_PAUSE = 20;
/** Key of the subscriptions without a filter; no category is empty. */
const ALL = '';

/**
 * Follows the head of the global order for all live subscriptions of a process: one poll and one read
 * for all of them, whatever their filters. It runs while anyone has joined.
 *
 * It takes events as they become visible as long as no position is missing. At a hole it asks how far
 * the order is settled, so it waits only for appends that may still fill it.
 */
export class FeedTail {
  readonly #options: FeedTailOptions;
  readonly #sql: string;
  readonly #window = new FeedWindow();
  /** How many subscriptions want a category. */
  readonly #wanted = new Map<string, number>();
  #waiters = new Set<() => void>();
  #run: Run | undefined;
  #version = 0;
  #atHead = false;
  #woken = false;
  #endPause: () => void = () => undefined;

  constructor(options: FeedTailOptions) {
    this.#options = options;
    this.#sql = `
      select position, stream_id, revision, event_id, type, schema_version,
        case when $2::text[] is null or category = any($2) then data end,
        case when $2::text[] is null or category = any($2) then metadata end
      from ${options.schema}.events where position > $1 order by position limit ${READ_AT_MOST}`;
  }

  /** Everything up to here has been looked at. */
  get end(): number {
    return this.#window.end;
  }

  /** Changes whenever `page` may answer something else. */
  get version(): number {
    return this.#version;
  }

  /** Takes part; the answer leaves again. */
  join(filter: FeedFilter): () => void {
    const keys = filter.categories ?? [ALL];
    const isNew = !this.#wanted.has(ALL) && keys.some((key) => !this.#wanted.has(key));
    for (const key of keys) this.#wanted.set(key, (this.#wanted.get(key) ?? 0) + 1);
    // What is in memory lacks the new category; who is behind reads from the store.
    if (isNew) this.#restartAt(this.#window.end);
    this.#start();
    return () => {
      for (const key of keys) {
        const left = (this.#wanted.get(key) ?? 1) - 1;
        if (left === 0) this.#wanted.delete(key);
        else this.#wanted.set(key, left);
      }
      if (this.#wanted.size === 0) this.stop();
    };
  }

  /** The page after a position, or undefined when that lies too far back to be in memory. */
  page(after: number, filter: FeedFilter, max: number): FeedPage | undefined {
    return this.#window.page(after, filter, max, this.#atHead);
  }

  /** Looks for new events now instead of at the next poll. */
  wake(): void {
    this.#woken = true;
    this.#endPause();
  }

  /** Resolves once the version differs from the one given, the time is up or the signal fires. */
  async changed(since: number, signal: AbortSignal, atMostMs?: number): Promise<void> {
    if (this.#version !== since || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = atMostMs === undefined ? undefined : setTimeout(done, atMostMs);
      const waiters = this.#waiters;
      function done() {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        waiters.delete(done);
        resolve();
      }
      signal.addEventListener('abort', done);
      waiters.add(done);
    });
  }

  stop(): void {
    if (this.#run !== undefined) this.#run.ended = true;
    this.#run = undefined;
    this.wake();
  }

  #start(): void {
    if (this.#run !== undefined) return;
    const run: Run = { ended: false };
    this.#run = run;
    this.#atHead = false;
    void this.#follow(run);
  }

  async #follow(run: Run): Promise<void> {
    const { settled, onError, pollInterval } = this.#options;
    const backoff = new Backoff();
    let poll = FIRST_POLL;
    let positioned = false;
    while (!run.ended) {
      this.#woken = false;
      try {
        if (!positioned) {
          await settled.probe();
          positioned = true;
          if (!this.#isCurrent(run)) return;
          this.#restartAt(settled.value);
        }
        const outcome = await this.#read(run);
        if (outcome !== 'nothing') poll = FIRST_POLL;
        if (outcome !== 'more') {
          await this.#pause(this.#atHead ? poll : Math.min(poll, MAX_HOLE_PAUSE));
          poll = Math.min(poll * 2, pollInterval);
        }
        backoff.reset();
      } catch (error) {
        onError(error);
        await this.#pause(backoff.take());
      }
    }
  }

  /** Reads on from the end: `more` when it is worth reading again at once. */
  async #read(run: Run): Promise<'more' | 'some' | 'nothing'> {
    const { pool, settled } = this.#options;
    const version = this.#version;
    // As it was before the statement's snapshot: what settles meanwhile may not be in these rows.
    const settledUpTo = settled.value;
    const categories = this.#wanted.has(ALL) ? null : [...this.#wanted.keys()];
    const values = [this.#window.end, categories];
    const rows = await query<TailRow>(pool, 'event-store.tail', this.#sql, values);
    if (!this.#isCurrent(run) || this.#version !== version) return 'more';

    let taken = 0;
    for (const row of rows) {
      const position = Number(row[0]);
      if (position !== this.#window.end + 1 && position > settledUpTo) break;
      this.#window.push(position, toTailEvent(row), (row[6]?.length ?? 0) + (row[7]?.length ?? 0));
      taken++;
    }
    const atHead = taken === rows.length && rows.length < READ_AT_MOST;
    const changed = taken > 0 || atHead !== this.#atHead;
    this.#atHead = atHead;
    this.#window.trim();
    settled.extendTo(this.#window.end);
    if (changed) this.#notify();
    if (atHead) return taken > 0 ? 'some' : 'nothing';
    if (taken > 0) return 'more';
    await settled.probe();
    return settled.value > settledUpTo ? 'more' : 'nothing';
  }

  #isCurrent(run: Run): boolean {
    return !run.ended && this.#run === run;
  }

  #restartAt(position: number): void {
    this.#window.restartAt(position);
    this.#notify();
  }

  #notify(): void {
    this.#version++;
    for (const resolve of [...this.#waiters]) resolve();
  }

  async #pause(ms: number): Promise<void> {
    if (this.#woken) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function toTailEvent(row: TailRow): StoredEvent | undefined {
  const [position, stream, revision, eventId, type, schemaVersion, data, metadata] = row;
  if (data === null || metadata === null) return undefined;
  return toStoredEvent([position, stream, revision, eventId, type, schemaVersion, data, metadata]);
}
