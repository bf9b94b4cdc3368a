import { eventually, startTestPostgres, type TestDatabase } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

import { events, freshStream, nth } from '../contract/given.js';
import type { FeedFilter } from '../event-store.js';
import { PostgresEventStore } from './postgres-event-store.js';
import { RawAppender } from './raw-appender.js';

const SECONDS = Number(process.env['FEED_STRESS_SECONDS'] ?? 10);
const CATEGORIES = ['alpha', 'beta', 'gamma', 'delta'];

/** What one reader saw: positions, in the order in which it saw them. */
interface Reader {
  readonly name: string;
  readonly filter: FeedFilter;
  readonly seen: string[];
  readonly done: Promise<void>;
}

describe('the feed under concurrent writers, aborts and kills', () => {
  let database: TestDatabase;
  const stores: PostgresEventStore[] = [];
  beforeAll(async () => {
    database = await startTestPostgres();
    for (let count = 0; count < 3; count++) stores.push(await openStore());
  });
  afterAll(async () => {
    for (const store of stores) await store.close();
    await database.stop();
  });

  const openStore = () => PostgresEventStore.open({ url: database.url });
  const pick = <T>(list: readonly T[]): T => nth(list, Math.floor(Math.random() * list.length));
  const newStream = () => freshStream(pick(CATEGORIES));

  it(
    `shows every reader each committed event once and in order, for ${SECONDS} s`,
    async () => {
      const until = performance.now() + SECONDS * 1_000;
      const isOver = () => performance.now() >= until;
      const acknowledged: string[] = [];
      const counts = { committed: 0, rolledBack: 0, killed: 0 };

      // Its snapshot, its transaction id and its locks stay from the first event to the last.
      const unrelated = await RawAppender.begin(database.url);
      await unrelated.query('create table unrelated as select pg_current_xact_id()');
      await unrelated.query('select pg_advisory_xact_lock(1)');

      const finished = new AbortController();
      const readers: Reader[] = [
        live('live', nth(stores, 0), {}),
        live('live, another process', nth(stores, 1), {}),
        live('live, filtered', nth(stores, 0), { categories: ['alpha', 'gamma'] }),
        live('live, filtered, a process that appends nothing', nth(stores, 2), {
          categories: ['beta'],
        }),
        polled('polled', nth(stores, 0), {}),
        polled('polled, filtered', nth(stores, 2), { categories: ['alpha', 'delta'] }),
      ];
      const late = Array.from({ length: 6 }, async (_, index) => {
        await sleep(Math.random() * SECONDS * 900);
        const filter = index % 2 ? {} : { categories: ['beta', 'delta', 'alpha'] };
        const name = `late ${index}`;
        const one = index % 3 ? polled(name, 'own', filter) : live(name, 'own', filter);
        readers.push(one);
      });

      const grouped = Array.from({ length: 12 }, (_, writer) =>
        writeGrouped(nth(stores, writer % 2)),
      );
      const raw = Array.from({ length: 6 }, () => writeRaw());
      await Promise.all([...grouped, ...raw, ...late]);

      const truth = await stored();
      const expected = (filter: FeedFilter) =>
        truth
          .filter(({ category }) => filter.categories?.includes(category) ?? true)
          .map(({ position }) => position);
      await eventually(
        () =>
          Promise.resolve(
            readers.every(({ filter, seen }) => seen.length >= expected(filter).length),
          ),
        { within: 20_000 },
      ).catch(() => undefined); // what is missing shows below
      await sleep(200);
      finished.abort();
      await Promise.all(readers.map(({ done }) => done));

      for (const { name, filter, seen } of readers) {
        expect({ name, ...differences(seen, expected(filter)) }).toEqual({
          name,
          missing: [],
          unknown: [],
          outOfOrder: [],
        });
      }
      const positions = new Set(truth.map(({ position }) => position));
      expect(acknowledged.filter((position) => !positions.has(position))).toEqual([]);
      // The run was worth its name.
      expect(truth.length).toBeGreaterThan(SECONDS * 50);
      for (const count of Object.values(counts)) expect(count).toBeGreaterThan(SECONDS);
      await unrelated.rollback();

      /** Subscribes from the start. A process of its own is closed at the end. */
      function live(name: string, own: PostgresEventStore | 'own', filter: FeedFilter): Reader {
        const seen: string[] = [];
        const { signal } = finished;
        const follow = async () => {
          const store = own === 'own' ? await openStore() : own;
          for await (const page of store.subscribeAll(undefined, filter, { signal, maxPage: 50 })) {
            seen.push(...page.events.map(({ position }) => position));
            if (Math.random() < 0.05) await sleep(Math.random() * 100);
          }
          if (own === 'own') await store.close();
        };
        return { name, filter, seen, done: follow() };
      }

      /** Reads page by page from the start, in a process of its own knowing nothing. */
      function polled(name: string, own: PostgresEventStore | 'own', filter: FeedFilter): Reader {
        const seen: string[] = [];
        const poll = async () => {
          const store = own === 'own' ? await openStore() : own;
          let at: string | undefined;
          while (!finished.signal.aborted) {
            const page = await store.readAll(at, filter, 70);
            seen.push(...page.events.map(({ position }) => position));
            at = page.position;
            if (page.caughtUp) await sleep(Math.random() * 20);
          }
          if (own === 'own') await store.close();
        };
        return { name, filter, seen, done: poll() };
      }

      async function writeGrouped(store: PostgresEventStore) {
        let stream = newStream();
        let last = -1;
        while (!isOver()) {
          const count = 1 + Math.floor(Math.random() * 3);
          const result = await store.append(stream, last < 0 ? 'none' : last, events(count));
          if (result.outcome !== 'appended') throw new Error(JSON.stringify(result));
          acknowledged.push(result.position);
          last = result.revision;
          if (Math.random() < 0.1) [stream, last] = [newStream(), -1];
          await sleep(Math.random() * 20);
        }
      }

      async function writeRaw() {
        while (!isOver()) {
          const writer = await RawAppender.begin(database.url);
          const position = await writer.append(newStream(), 1 + Math.floor(Math.random() * 4));
          await sleep(Math.random() * pick([0, 20, 150]));
          const fate = Math.random();
          if (fate < 0.6) {
            await writer.commit();
            acknowledged.push(position);
            counts.committed++;
          } else if (fate < 0.8) {
            await writer.rollback();
            counts.rolledBack++;
          } else {
            await writer.kill(database.url);
            counts.killed++;
          }
        }
      }
    },
    (SECONDS + 40) * 1_000,
  );

  async function stored(): Promise<{ position: string; category: string }[]> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const found = await client.query<{ position: string; category: string }>(
      'select position, category from event_store.events order by position',
    );
    await client.end();
    return found.rows;
  }
});

/** The first few of each kind, so that a failure can be read. */
function differences(seen: readonly string[], expected: readonly string[]) {
  const [had, want] = [new Set(seen), new Set(expected)];
  return {
    missing: expected.filter((position) => !had.has(position)).slice(0, 5),
    unknown: seen.filter((position) => !want.has(position)).slice(0, 5),
    outOfOrder: seen
      .filter((position, index) => index > 0 && Number(position) <= Number(seen[index - 1]))
      .slice(0, 5),
  };
}
