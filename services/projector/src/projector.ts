import { allCategories, PROJECTED_SUBJECT } from '@countersign/contracts';
import type { EventStore, FeedPage } from '@countersign/event-store';
import { messageOf } from '@countersign/kernel';
import type { Log } from '@countersign/service-kit';
import type { NatsConnection } from '@nats-io/nats-core';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

import { ReadTables } from './read-tables.js';
import { upgradeReadTables } from './rebuild.js';

const PAGE = 2_000;
const RETRY_MS = 500;
/** Without anything to write for so long, it looks whether the tables are still there. */
const IDLE_MS = 1_000;

/**
 * Keeps the read tables up to date with the store's feed, and tells readers how far they are. Any
 * number may run; the checkpoint lets one at a time make progress.
 */
export class Projector {
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #caughtUp = false;

  constructor(
    private readonly store: EventStore,
    private readonly databaseUrl: string,
    private readonly bus: NatsConnection,
    private readonly log: Log,
  ) {}

  /** Whether the tables have once been level with the feed since the start. */
  get caughtUp(): boolean {
    return this.#caughtUp;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const stopped = () => signal.aborted;
    while (!stopped()) {
      const client = new pg.Client({
        connectionString: this.databaseUrl,
        application_name: 'countersign projector',
        // The tables can be rebuilt and the checkpoint moves with them, so a commit need not wait
        // for the disk: a crash takes both back to the same point.
        options: '-c synchronous_commit=off -c plan_cache_mode=force_generic_plan',
        keepAlive: true,
      });
      // Seen at once, not with the next event: a crash may have taken the tables back.
      const lost = new AbortController();
      client.on('error', (error) => {
        this.log.warn({ reason: error.message }, 'projector lost its database connection');
        lost.abort();
      });
      try {
        await client.connect();
        await this.#upgrade(client);
        await this.#project(await ReadTables.open(client), AbortSignal.any([signal, lost.signal]));
      } catch (error) {
        if (!stopped()) this.log.warn({ reason: messageOf(error) }, 'projector starts over');
      } finally {
        await client.end().catch(() => undefined);
      }
      if (!stopped()) await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #upgrade(client: pg.Client): Promise<void> {
    const { signal } = this.#stop;
    let told = false;
    const upgraded = await upgradeReadTables(this.store, client, ({ events }) => {
      signal.throwIfAborted();
      if (!told)
        this.log.info({ events }, 'the read tables are not as they have to be: they are rebuilt');
      told = true;
    });
    if (upgraded) this.log.info({}, 'the read tables were rebuilt');
  }

  async #project(tables: ReadTables, signal: AbortSignal): Promise<void> {
    const filter = { categories: allCategories };
    const over = new AbortController();
    const pages = this.store.subscribeAll(tables.position, filter, {
      maxPage: PAGE,
      signal: AbortSignal.any([signal, over.signal]),
    });
    try {
      await this.#follow(tables, pages);
    } finally {
      over.abort();
    }
  }

  async #follow(tables: ReadTables, pages: AsyncIterable<FeedPage>): Promise<void> {
    for await (const page of withIdleTimes(pages, IDLE_MS)) {
      if (page === undefined) {
        await tables.mustBeThere();
        continue;
      }
      const { events, position, caughtUp } = page;
      if (position !== undefined && position !== tables.position) {
        const parked = await tables.apply(events, position);
        this.bus.publish(PROJECTED_SUBJECT, JSON.stringify({ position }));
        for (const [stream, reason] of parked) this.log.error({ stream, reason }, 'stream parked');
      }
      this.#caughtUp ||= caughtUp;
    }
  }
}

/** What comes, and undefined whenever nothing has come for so many milliseconds. */
async function* withIdleTimes<T>(
  source: AsyncIterable<T>,
  ms: number,
): AsyncIterable<T | undefined> {
  const iterator = source[Symbol.asyncIterator]();
  for (;;) {
    const next = iterator.next();
    let result = await within(next, ms);
    while (result === undefined) {
      yield undefined;
      result = await within(next, ms);
    }
    if (result.done === true) return;
    yield result.value;
  }
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([promise, sleep(ms, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}
