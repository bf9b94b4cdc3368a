import { type NewEvent, type StoredEvent, unavailable } from '@countersign/kernel';

import {
  type AppendResult,
  EventStore,
  type ExpectedRevision,
  type FeedFilter,
  type FeedPage,
  type SubscribeOptions,
} from '../event-store.js';
import { prepareAppend } from '../prepared-event.js';
import { Appender } from './appender.js';
import { Client, type Prefixes } from './client.js';
import {
  compareLogPositions,
  formatPosition,
  later,
  type LogPosition,
  parsePosition,
} from './log-position.js';
import { toStoredEvent, toStoredStream } from './record.js';
import { type KurrentDbLog, subscription } from './subscription.js';

export type { KurrentDbLog } from './subscription.js';

export interface KurrentDbEventStoreOptions {
  /** `kurrentdb://host:port?tls=false`, or `esdb://...`; credentials belong in here. */
  readonly url: string;
  /** Told of every failure that a subscription survives. */
  readonly log: KurrentDbLog;
}

const DEFAULT_PAGE = 500;
/** Events to read at most at a time while all of them are foreign. */
const WIDEST_LOOK = 2_000;

/**
 * The event store on KurrentDB, or EventStoreDB from 24.2 on, which is the first to tell of every
 * subscription when it has caught up. It shares the server with others:
 * streams of other categories, and events that do not carry our metadata, are passed over.
 */
export class KurrentDbEventStore extends EventStore {
  readonly #client: Client;
  readonly #appender: Appender;
  readonly #log: KurrentDbLog;
  readonly #closing = new AbortController();
  readonly #appends = new Set<Promise<unknown>>();
  /** As far as the log is known to reach. */
  #known: LogPosition | undefined;

  private constructor({ url, log }: KurrentDbEventStoreOptions) {
    super();
    this.#client = new Client(url);
    this.#appender = new Appender(this.#client);
    this.#log = log;
  }

  /**
   * Connects.
   *
   * @throws AppError `unavailable` when the server does not answer; Error when the URL is malformed.
   */
  static async open(options: KurrentDbEventStoreOptions): Promise<KurrentDbEventStore> {
    const store = new KurrentDbEventStore(options);
    try {
      await store.head();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  override async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    const prepared = prepareAppend(stream, expected, events);
    this.#rejectWhenClosed();
    const append = this.#appender.append(stream, expected, prepared);
    this.#appends.add(append);
    try {
      const result = await append;
      if (result.outcome !== 'conflict') this.#know(parsePosition(result.position));
      return result;
    } finally {
      this.#appends.delete(append);
    }
  }

  override async readStream(
    stream: string,
    {
      from = 0,
      max = Number.MAX_SAFE_INTEGER,
    }: { readonly from?: number; readonly max?: number } = {},
  ): Promise<StoredEvent[]> {
    this.#rejectWhenClosed();
    return toStoredStream(await this.#client.readStream(stream, from, max));
  }

  override async readAll(
    after: string | undefined,
    filter: FeedFilter,
    max: number,
  ): Promise<FeedPage> {
    let at = after === undefined ? undefined : parsePosition(after);
    this.#rejectWhenClosed();
    for (let count = max; ; count = Math.max(count, Math.min(count * 4, WIDEST_LOOK))) {
      const known = this.#known;
      const records = await this.#client.readAll(at, prefixesOf(filter), count);
      const last = records.at(-1)?.position;
      this.#know(last);
      const found = records.map(toStoredEvent).filter((event) => event !== undefined);
      const events = found.slice(0, max);
      if (found.length > max) return { events, position: events.at(-1)?.position, caughtUp: false };
      const caughtUp = records.length < count;
      at = caughtUp ? later(last ?? at, known) : last;
      const position = at && formatPosition(at);
      if (events.length > 0 || caughtUp) return { events, position, caughtUp };
      // Nothing but foreign events, and there may be many more.
    }
  }

  override subscribeAll(
    after: string | undefined,
    filter: FeedFilter,
    { signal, maxPage = DEFAULT_PAGE }: SubscribeOptions,
  ): AsyncIterable<FeedPage> {
    return subscription({
      client: this.#client,
      log: this.#log,
      after: after === undefined ? undefined : parsePosition(after),
      known: () => this.#known,
      prefixes: prefixesOf(filter),
      maxPage,
      signal: AbortSignal.any([signal, this.#closing.signal]),
    });
  }

  override comparePositions(a: string, b: string): number {
    return compareLogPositions(parsePosition(a), parsePosition(b));
  }

  override async head(): Promise<string | undefined> {
    this.#rejectWhenClosed();
    const head = await this.#client.head();
    this.#know(head);
    return head && formatPosition(head);
  }

  override async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#appends);
    await this.#client.close();
  }

  #know(position: LogPosition | undefined): void {
    this.#known = later(this.#known, position);
  }

  #rejectWhenClosed(): void {
    if (this.#closing.signal.aborted) {
      throw unavailable('event-store.unavailable', 'the event store is closed');
    }
  }
}

/** Categories hold no dash, so none is the beginning of another. */
function prefixesOf({ categories }: FeedFilter): Prefixes {
  return categories?.map((category) => `${category}-`);
}
