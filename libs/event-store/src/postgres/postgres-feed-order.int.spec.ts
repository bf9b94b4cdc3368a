import { eventually, startTestPostgres, type TestDatabase } from '@countersign/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import {
  atLeast,
  events,
  eventsOf,
  freshCategory,
  freshStream,
  idsOf,
  pagesUntil,
  positionOf,
} from '../contract/given.js';
import { PostgresEventStore } from './postgres-event-store.js';
import { RawAppender } from './raw-appender.js';

describe('the order of the feed on Postgres', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  let fresh: PostgresEventStore;
  let start: string;
  beforeAll(async () => {
    database = await startTestPostgres();
  });
  afterAll(() => database.stop());
  beforeEach(async () => {
    store = await PostgresEventStore.open({ url: database.url });
    fresh = await PostgresEventStore.open({ url: database.url });
    start = await appendOne();
  });
  afterEach(async () => {
    await store.close();
    await fresh.close();
  });

  const appendOne = async (category?: string) => {
    return positionOf(await store.append(freshStream(category), 'none', events(1)));
  };
  const positionsAfter = async (after: string, through = store) => {
    const page = await through.readAll(after, {}, 100);
    return page.events.map(({ position }) => position);
  };

  const setPosition = async (position: number) => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`select setval('event_store.positions', $1)`, [position]);
    await client.end();
  };

  /** What live readers have seen so far, one with and one without a filter. */
  function readersOf(category: string) {
    const ended = new AbortController();
    const seen = [{}, { categories: [category] }].map((filter) => {
      const positions: string[] = [];
      const follow = async () => {
        for await (const page of store.subscribeAll(start, filter, { signal: ended.signal })) {
          positions.push(...page.events.map(({ position }) => position));
        }
      };
      return { positions, done: follow() };
    });
    return {
      positions: () => seen.map(({ positions }) => positions),
      stop: async () => {
        ended.abort();
        await Promise.all(seen.map(({ done }) => done));
      },
    };
  }

  it('holds a position back while a lower one may still commit, then serves both in order', async () => {
    const category = freshCategory();
    const readers = readersOf(category);
    const before = await appendOne(category);
    const slow = await RawAppender.begin(database.url);
    const lower = await slow.append(freshStream(category));
    const higher = await appendOne(category);
    expect(store.comparePositions(lower, higher)).toBeLessThan(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(readers.positions()).toEqual([[before], [before]]);
    expect(await positionsAfter(start)).toEqual([before]);
    expect(await positionsAfter(start, fresh)).toEqual([before]);
    expect(await fresh.readAll(before, {}, 10)).toMatchObject({ events: [], caughtUp: false });

    await slow.commit();
    await eventually(() => Promise.resolve(readers.positions().every((seen) => seen.length === 3)));
    const all = [before, lower, higher];
    expect(readers.positions()).toEqual([all, all]);
    expect(await positionsAfter(start)).toEqual(all);
    expect(await positionsAfter(start, fresh)).toEqual(all);
    await readers.stop();
  });

  it('goes on behind a position that was rolled back', async () => {
    const category = freshCategory();
    const readers = readersOf(category);
    const failing = await RawAppender.begin(database.url);
    await failing.append(freshStream(category), 5);
    const higher = await appendOne(category);
    const started = performance.now();
    await failing.rollback();
    await eventually(
      () => Promise.resolve(readers.positions().every((seen) => seen.length === 1)),
      {
        every: 5,
      },
    );
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(readers.positions()).toEqual([[higher], [higher]]);
    expect(await positionsAfter(start, fresh)).toEqual([higher]);
    await readers.stop();
  });

  it('goes on behind an append that was rolled back to a savepoint', async () => {
    const open = await RawAppender.begin(database.url);
    await open.query('savepoint before');
    await open.append();
    await open.query('rollback to savepoint before');
    const higher = await appendOne();
    expect(await positionsAfter(start)).toEqual([higher]);
    await open.rollback();
  });

  it('goes on behind an append whose connection is killed', async () => {
    const doomed = await RawAppender.begin(database.url);
    await doomed.append();
    const higher = await appendOne();
    const seen = pagesUntil(store, start, {}, atLeast(1));
    await doomed.kill(database.url);
    expect(eventsOf(await seen).map(({ position }) => position)).toEqual([higher]);
  });

  it('waits for no transaction that does not append', async () => {
    const unrelated = await RawAppender.begin(database.url);
    await unrelated.query('create table unrelated as select pg_current_xact_id()');
    await unrelated.query('select pg_advisory_xact_lock(4711), pg_advisory_xact_lock(47, 11)');
    await unrelated.query('lock table event_store.versions in share mode');
    const failing = await RawAppender.begin(database.url);
    await failing.append();
    const higher = await appendOne();
    await failing.rollback();
    const started = performance.now();
    expect(await positionsAfter(start)).toEqual([higher]);
    expect(await positionsAfter(start, fresh)).toEqual([higher]);
    const pages = await pagesUntil(fresh, start, {}, atLeast(1));
    expect(eventsOf(pages)).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(1_000);
    await unrelated.rollback();
  });

  it('lets an append under way hold back only what came after it', async () => {
    const earlier = await appendOne();
    const slow = await RawAppender.begin(database.url);
    const lower = await slow.append();
    const higher = await appendOne();
    // A reader that knows nothing yet, as after a start of its process.
    expect(await positionsAfter(start, fresh)).toEqual([earlier]);
    const category = freshCategory();
    const filtered = await fresh.readAll(undefined, { categories: [category] }, 10);
    expect(filtered).toMatchObject({ events: [], position: earlier, caughtUp: false });
    await slow.rollback();
    expect(await positionsAfter(lower, fresh)).toEqual([higher]);
  });

  it('ends an append transaction that its client leaves open, and goes on', async () => {
    const leaked = await RawAppender.begin(database.url);
    await leaked.query(`set local idle_in_transaction_session_timeout = '700ms'`);
    await leaked.append();
    const higher = await appendOne();
    const pages = await pagesUntil(store, start, {}, atLeast(1));
    expect(eventsOf(pages).map(({ position }) => position)).toEqual([higher]);
    await expect(leaked.query('select 1')).rejects.toThrow();
  });

  it('gives every append transaction deadlines, whoever began it', async () => {
    const plain = await RawAppender.begin(database.url);
    const limits = () =>
      plain.query(`select current_setting('idle_in_transaction_session_timeout') as idle,
        current_setting('transaction_timeout', true) as whole`);
    expect(await limits()).toEqual([{ idle: '0', whole: '0' }]);
    await plain.append();
    expect(await limits()).toEqual([{ idle: '10s', whole: '1min' }]);
    await plain.rollback();
  });

  it('reads markers right where their numbers start over', async () => {
    const beyond = 2 ** 31 + 1;
    await setPosition(beyond - 4);
    const slow = await RawAppender.begin(database.url);
    const lower = await slow.append();
    const others = [];
    for (let count = 0; count < 4; count++) others.push(await appendOne());
    expect(Number(others.at(-1))).toBeGreaterThan(beyond);
    expect(await positionsAfter(start)).toEqual([]);
    const later = await RawAppender.begin(database.url);
    await later.append();
    expect(await positionsAfter(start, fresh)).toEqual([]);
    await slow.commit();
    expect(await positionsAfter(start, fresh)).toEqual([lower, ...others]);
    await later.rollback();
  });

  it('burns no position by a conflict, a repeat or a refusal', async () => {
    const stream = freshStream();
    const first = events(1);
    await store.append(stream, 'none', first);
    await store.append(stream, 'none', events(1));
    await store.append(stream, 'none', first);
    await store.append(stream, 5, events(1));
    await store.append(stream, 'none', []).catch(() => undefined);
    const next = await appendOne();
    expect(Number(next)).toBe(Number(start) + 2);
  });

  it('passes many burnt positions at no cost', async () => {
    await setPosition(Number(start) + 200_000);
    const sent = events(3);
    await store.append(freshStream(), 'none', sent);
    for (const reader of [store, fresh]) {
      const started = performance.now();
      expect(idsOf((await reader.readAll(start, {}, 10)).events)).toEqual(idsOf(sent));
      const pages = await pagesUntil(reader, start, {}, atLeast(3));
      expect(idsOf(eventsOf(pages))).toEqual(idsOf(sent));
      expect(performance.now() - started).toBeLessThan(500);
    }
  });
});
