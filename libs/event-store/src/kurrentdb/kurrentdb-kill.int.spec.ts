import { AppError, type StoredEvent } from '@countersign/kernel';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { event, freshCategory, freshStream, readToEnd } from '../contract/given.js';
import type { AppendResult, EventStore, ExpectedRevision } from '../event-store.js';
import { KurrentDbEventStore } from './kurrentdb-event-store.js';

// KURRENTDB_RUN is a command that runs a server in the foreground, at KURRENTDB_URL and on the same
// data each time. It is killed and frozen here, so it must be of no other use.
const { KURRENTDB_RUN: command = '', KURRENTDB_URL: url = '' } = process.env;
const withServer = command && url ? describe : describe.skip;

const APPENDERS = 64;
const ROUNDS = 2;
const MINUTES = 60_000;

/** An append and how it ended, in which try. */
interface Answered {
  readonly ids: readonly string[];
  readonly tries: number;
  readonly result: AppendResult;
}

/** The server's process group, as the command may be a script that starts it. */
class Server {
  #process: ChildProcess | undefined;

  start(): void {
    this.#process = spawn(command, { shell: true, detached: true, stdio: 'ignore' });
  }

  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    const exit = once(this.#process, 'exit');
    this.#signal('SIGKILL');
    await exit;
  }

  async freeze(milliseconds: number): Promise<void> {
    this.#signal('SIGSTOP');
    await sleep(milliseconds);
    this.#signal('SIGCONT');
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#process?.pid !== undefined) process.kill(-this.#process.pid, signal);
  }
}

withServer('KurrentDbEventStore, while its server is killed and frozen', () => {
  const server = new Server();
  let stores: EventStore[] = [];

  beforeAll(async () => {
    server.start();
    stores = [await opened(), await opened()];
  }, MINUTES);
  afterAll(async () => {
    for (const store of stores) await store.close();
    await server.kill();
  }, MINUTES);

  const breakages: [string, () => Promise<void>][] = [
    ['killed', () => server.kill().then(() => server.start())],
    ['frozen', () => server.freeze(12_000)],
  ];

  it.each(breakages)(
    'keeps what it acknowledged, once and in order: %s',
    async (_, interfere) => {
      const category = freshCategory();
      const start = await stores[0]?.head();
      const ended = new AbortController();
      const feeds = stores.map((store) => follow(store, start, category, ended.signal));
      const running = new AbortController();
      const load = Array.from({ length: APPENDERS }, () =>
        appendOn(stores, category, running.signal),
      );
      for (let round = 0; round < ROUNDS; round++) {
        await sleep(3_000);
        await interfere();
      }
      await sleep(3_000);
      running.abort();
      const answered = (await Promise.all(load)).flat();

      const reader = await opened();
      const stored = await readToEnd(reader, start, { categories: [category] });
      await reader.close();
      const byId = new Map(stored.map((one) => [one.eventId, one]));
      expect(byId.size).toBe(stored.length);
      for (const { ids, tries, result } of answered) {
        expect(result.outcome).not.toBe('conflict');
        const written = ids.map((id) => byId.get(id)?.data['tries']);
        // Said to be written: by this very try. Said to be a repeat: by an earlier one.
        if (result.outcome === 'appended') expect(written).toEqual(ids.map(() => tries));
        else expect(written.every((by) => Number(by) < tries)).toBe(true);
      }
      const order = stored.map((one) => one.eventId);
      for (const seen of feeds.map((feed) => feed.seen)) {
        for (let tries = 0; seen.length < order.length && tries < 100; tries++) await sleep(100);
        expect(seen.map((one) => one.eventId)).toEqual(order);
      }
      ended.abort();
      await Promise.all(feeds.map((feed) => feed.done));
    },
    5 * MINUTES,
  );
});

/** A client, as soon as the server answers. */
async function opened(): Promise<EventStore> {
  const log = { ...console, warn: () => undefined, info: () => undefined, debug: () => undefined };
  return untilAnswered(async () => KurrentDbEventStore.open({ url, log }));
}

/** Repeats the very same call until it is answered. */
async function untilAnswered<T>(call: (tries: number) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call(tries);
    } catch (error) {
      if (!(error instanceof AppError && error.kind === 'unavailable')) throw error;
      await sleep(50 + Math.random() * 100);
    }
  }
}

/** Appends to streams of its own until told to stop. Each try carries its number. */
async function appendOn(
  stores: readonly EventStore[],
  category: string,
  stop: AbortSignal,
): Promise<Answered[]> {
  const answered: Answered[] = [];
  const isOver = () => stop.aborted;
  while (!isOver()) {
    const stream = freshStream(category);
    let expected: ExpectedRevision = 'none';
    for (let count = 1; count <= 20 && !isOver(); count++) {
      const ids = Array.from({ length: 1 + (count % 3) }, () => randomUUID());
      let tries = 0;
      const result = await untilAnswered((attempt) => {
        tries = attempt;
        const events = ids.map((eventId) => event({ tries }, { eventId }));
        const store = stores[(count + tries) % stores.length];
        return store ? store.append(stream, expected, events) : Promise.reject(new RangeError());
      });
      answered.push({ ids, tries, result });
      expected = result.revision;
    }
  }
  return answered;
}

function follow(
  store: EventStore,
  after: string | undefined,
  category: string,
  signal: AbortSignal,
) {
  const seen: StoredEvent[] = [];
  const run = async () => {
    for await (const page of store.subscribeAll(after, { categories: [category] }, { signal })) {
      seen.push(...page.events);
    }
  };
  return { seen, done: run() };
}
