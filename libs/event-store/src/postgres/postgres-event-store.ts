import { type NewEvent, type StoredEvent, unavailable } from '@countersign/kernel';
import type { Pool, PoolConfig } from 'pg';

import { formatPosition, parsePosition } from '../decimal-position.js';
import {
  type AppendResult,
  EventStore,
  type ExpectedRevision,
  type FeedFilter,
  type FeedPage,
  type SubscribeOptions,
} from '../event-store.js';
import { prepareAppend } from '../prepared-event.js';
import { sendBatch } from './append-batch.js';
import { AppendQueue } from './append-queue.js';
import { isRolledBack, isTransient, openPool, toAppError } from './connections.js';
import { EventReader } from './event-reader.js';
import { FeedTail } from './feed-tail.js';
import { checkSchemaName, createSchema } from './schema.js';
import { SettledPrefix } from './settled-prefix.js';
import { subscription } from './subscription.js';

export interface PostgresEventStoreOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** What else `pg` should know: TLS, the number of connections. */
  readonly pool?: PoolConfig;
  /** Database schema of its own. Default `event_store`. */
  readonly schema?: string;
  /**
   * Milliseconds between looks for other processes' events while nothing happens. Default 100. Own
   * appends and `wake()` are seen at once.
   */
  readonly pollInterval?: number;
  /** Milliseconds a statement may take on the server. Default 10,000. */
  readonly statementTimeout?: number;
  /** Told of every append of this process, to pass on to others, who call `wake()`. Must not throw. */
  readonly onAppended?: () => void;
  /** Told of every failure that a subscription survives. Must not throw. */
  readonly onError?: (error: unknown) => void;
}

const DEFAULT_PAGE = 500;
/** Milliseconds that `readAll` waits for appends under way before it answers with an empty page. */
const SETTLE_WITHIN = 1_000;

/**
 * The event store on Postgres. It speaks to the primary only: a standby does not show who is
 * appending, and without that no order is safe to read.
 */
export class PostgresEventStore extends EventStore {
  readonly #pool: Pool;
  readonly #schema: string;
  readonly #queue: AppendQueue;
  readonly #reader: EventReader;
  readonly #settled: SettledPrefix;
  readonly #tail: FeedTail;
  readonly #onError: (error: unknown) => void;
  readonly #onAppended: () => void;
  readonly #closing = new AbortController();

  /** Connects when first used, to a schema that must be there already; see `open`. */
  constructor(options: PostgresEventStoreOptions) {
    super();
    const { schema = 'event_store', pollInterval = 100, statementTimeout = 10_000 } = options;
    checkSchemaName(schema);
    const pool = openPool(options.url, options.pool ?? {}, statementTimeout);
    this.#pool = pool;
    this.#schema = schema;
    this.#onError = options.onError ?? (() => undefined);
    this.#onAppended = options.onAppended ?? (() => undefined);
    this.#reader = new EventReader(pool, schema);
    this.#settled = new SettledPrefix(pool, schema);
    this.#tail = new FeedTail({
      pool,
      schema,
      settled: this.#settled,
      pollInterval,
      onError: this.#onError,
    });
    this.#queue = new AppendQueue({
      send: (appends) => sendBatch(pool, schema, appends),
      isRolledBack,
      isTransient,
      maxInFlight: 2,
      maxEvents: 128,
      maxCharacters: 2 * 1024 * 1024,
      maxWaiting: 10_000,
      maxWaitMs: statementTimeout,
    });
  }

  /**
   * Connects, and creates the schema unless it is there. Any number of processes may do so at once.
   *
   * @throws AppError `unavailable` when the server does not answer.
   */
  static async open(options: PostgresEventStoreOptions): Promise<PostgresEventStore> {
    const store = new PostgresEventStore(options);
    try {
      await createSchema(store.#pool, store.#schema);
      return store;
    } catch (error) {
      await store.close();
      throw toAppError(error);
    }
  }

  override async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    const prepared = prepareAppend(stream, expected, events);
    this.#rejectWhenClosed();
    let result: AppendResult;
    try {
      result = await this.#queue.add({ stream, expected, events: prepared });
    } catch (error) {
      throw toAppError(error);
    }
    if (result.outcome === 'appended') {
      this.#tail.wake();
      this.#onAppended();
    }
    return result;
  }

  override async readStream(
    stream: string,
    options: { readonly from?: number; readonly max?: number } = {},
  ): Promise<StoredEvent[]> {
    return this.#answer(() => this.#reader.stream(stream, options.from ?? 0, options.max));
  }

  override async readAll(
    after: string | undefined,
    filter: FeedFilter,
    max: number,
  ): Promise<FeedPage> {
    const from = parsePosition(after);
    return this.#answer(async () => {
      // What was known to be settled is read first: in the middle of the past no look ahead is needed.
      const known = this.#settled.value;
      const events = await this.#reader.range(from, known, filter, max);
      if (events.length === max) return fullPage(events);
      const head = await this.#settle(from);
      const upTo = this.#settled.value;
      const rest = max - events.length;
      events.push(...(await this.#reader.range(Math.max(from, known), upTo, filter, rest)));
      if (events.length === max) return fullPage(events);
      const position = formatPosition(Math.max(from, upTo));
      return { events, position, caughtUp: upTo >= head };
    });
  }

  override subscribeAll(
    after: string | undefined,
    filter: FeedFilter,
    options: SubscribeOptions,
  ): AsyncIterable<FeedPage> {
    return subscription({
      tail: this.#tail,
      reader: this.#reader,
      onError: this.#onError,
      after: parsePosition(after),
      filter,
      maxPage: options.maxPage ?? DEFAULT_PAGE,
      signal: AbortSignal.any([options.signal, this.#closing.signal]),
    });
  }

  override comparePositions(a: string, b: string): number {
    return parsePosition(a) - parsePosition(b);
  }

  override async head(): Promise<string | undefined> {
    return this.#answer(() => this.#reader.head());
  }

  /** Lets subscriptions look at once: a hint that another process has appended. Costs next to nothing. */
  wake(): void {
    this.#tail.wake();
  }

  override async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#tail.stop();
    await this.#queue.idle();
    await this.#pool.end();
  }

  /**
   * Waits until everything is settled that is visible now, or, for as long as appends are under way
   * at a hole, a moment at most. Answers the highest visible position.
   */
  async #settle(after: number): Promise<number> {
    const deadline = performance.now() + SETTLE_WITHIN;
    const head = await this.#settled.probe();
    for (let pause = 1; this.#settled.value < head; pause = Math.min(pause * 2, 20)) {
      if (this.#settled.value > after || performance.now() > deadline) break;
      await new Promise((resolve) => setTimeout(resolve, pause));
      await this.#settled.probe();
    }
    return head;
  }

  async #answer<T>(read: () => Promise<T>): Promise<T> {
    this.#rejectWhenClosed();
    try {
      return await read();
    } catch (error) {
      throw toAppError(error);
    }
  }

  #rejectWhenClosed(): void {
    if (this.#closing.signal.aborted) {
      throw unavailable('event-store.unavailable', 'the event store is closed');
    }
  }
}

function fullPage(events: readonly StoredEvent[]): FeedPage {
  return { events, position: events.at(-1)?.position, caughtUp: false };
}
