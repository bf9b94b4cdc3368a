import { eventually, startTestPostgres, type TestDatabase } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

import { events, freshStream, idsOf, positionOf } from '../contract/given.js';
import { FeedTail } from './feed-tail.js';
import { PostgresEventStore } from './postgres-event-store.js';
import { RawAppender } from './raw-appender.js';
import { SettledPrefix } from './settled-prefix.js';

describe('FeedTail', () => {
  let database: TestDatabase;
  let store: PostgresEventStore;
  beforeAll(async () => {
    database = await startTestPostgres();
    store = await PostgresEventStore.open({ url: database.url });
  });
  afterAll(async () => {
    await store.close();
    await database.stop();
  });

  it('judges what it has read by what was settled before, not by what has settled since', async () => {
    await store.append(freshStream(), 'none', events(1));
    const real = new pg.Pool({ connectionString: database.url });
    // A pool whose answer to the tail arrives late: after something else has happened.
    let meanwhile: (() => Promise<void>) | undefined;
    const query = async (statement: pg.QueryConfig) => {
      const result = await real.query(statement);
      if (statement.name === 'event-store.tail' && meanwhile !== undefined) {
        const act = meanwhile;
        meanwhile = undefined;
        await act();
      }
      return result;
    };
    const pool = { query } as unknown as pg.Pool;
    const settled = new SettledPrefix(pool, 'event_store');
    const options = { pool, schema: 'event_store', settled, pollInterval: 20 };
    const failures: unknown[] = [];
    const tail = new FeedTail({ ...options, onError: (error) => failures.push(error) });
    const leave = tail.join({});
    const seen = () => tail.page(1, {}, 10)?.events.map(({ position }) => position);
    try {
      await eventually(() => Promise.resolve(tail.end === 1));

      const slow = await RawAppender.begin(database.url);
      const lower = await slow.append();
      meanwhile = async () => {
        await slow.commit();
        await settled.probe();
      };
      // The tail reads this one without the lower one, and gets to know both are settled too late.
      const higher = await store.append(freshStream(), 'none', events(1));
      await eventually(() => Promise.resolve(tail.end === 3));
      expect(seen()).toEqual([lower, positionOf(higher)]);
      expect(failures).toEqual([]);
    } finally {
      leave();
      await real.end();
    }
  });

  it.each(['a hint', 'an append of its own'])('looks at once after %s', async (reason) => {
    const patient = await PostgresEventStore.open({ url: database.url, pollInterval: 60_000 });
    const ended = new AbortController();
    const { signal } = ended;
    const seen: string[] = [];
    const start = await patient.head();
    const follow = (async () => {
      for await (const page of patient.subscribeAll(start, {}, { signal })) {
        seen.push(...idsOf(page.events));
      }
    })();
    // Its polls double from 5 ms, so that by now the next is more than a second away.
    await sleep(1_500);
    const sent = events(1);
    if (reason === 'a hint') {
      await store.append(freshStream(), 'none', sent);
      patient.wake();
    } else await patient.append(freshStream(), 'none', sent);
    await eventually(() => Promise.resolve(seen.length > 0), { within: 800, every: 5 });
    expect(seen).toEqual(idsOf(sent));
    ended.abort();
    await follow;
    await patient.close();
  });
});
