import { startTestPostgres, type TestDatabase } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';

import { event, events, freshStream, idsOf, nth } from '../contract/given.js';
import { InMemoryEventStore } from '../in-memory-event-store.js';
import { arbitraryAppends, play } from './append-model.js';
import { PostgresEventStore } from './postgres-event-store.js';
import { RawAppender } from './raw-appender.js';

describe('appending to Postgres', () => {
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

  it('answers any mix of appends as the model does, however they are grouped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryAppends, { maxLength: 3 }), async (rounds) => {
        const model = new InMemoryEventStore();
        const suffix = randomUUID();
        await play(rounds, (...append) => store.append(...append), model, suffix);
        for (const name of ['a', 'b', 'c', 'd'].map((category) => `${category}-${suffix}`)) {
          const ids = idsOf(await store.readStream(name));
          expect(ids).toEqual(idsOf(await model.readStream(name)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('creates its schema once, however many processes start', async () => {
    const schema = 'another_store';
    const stores = await Promise.all(
      Array.from({ length: 8 }, () => PostgresEventStore.open({ url: database.url, schema })),
    );
    const stream = freshStream();
    await nth(stores, 0).append(stream, 'none', events(1));
    expect(await nth(stores, 7).readStream(stream)).toHaveLength(1);
    expect(await store.readStream(stream)).toEqual([]);
    for (const one of stores) await one.close();
  });

  it('stores what stands beside an event that the database refuses', async () => {
    // Passes the edge, and is more than the column holds.
    const refused = event({}, { schemaVersion: 3_000_000_000 });
    const streams = Array.from({ length: 20 }, () => freshStream());
    const results = await Promise.allSettled(
      streams.map((stream, index) =>
        store.append(stream, 'none', [index === 7 ? refused : event()]),
      ),
    );
    for (const [index, result] of results.entries()) {
      if (index !== 7) expect(result).toMatchObject({ value: { outcome: 'appended' } });
      else expect(result).toMatchObject({ reason: { kind: 'invalid' } });
    }
  });

  it('delays nothing but the stream that another transaction holds', async () => {
    const held = freshStream();
    const others = Array.from({ length: 9 }, () => freshStream());
    await store.append(held, 'none', events(1));
    const holder = await RawAppender.begin(database.url);
    await holder.query(`select from event_store.streams where stream_id = '${held}' for update`);
    const impatient = await PostgresEventStore.open({
      url: database.url,
      pool: { lock_timeout: 300 },
    });
    const late = impatient.append(held, 0, events(1));
    const rest = others.map((stream) => impatient.append(stream, 'none', events(1)));
    for (const result of await Promise.all(rest)) expect(result.outcome).toBe('appended');
    await expect(late).rejects.toMatchObject({ kind: 'unavailable' });
    await holder.rollback();
    expect(await impatient.append(held, 0, events(1))).toMatchObject({ outcome: 'appended' });
    await impatient.close();
  });

  it('answers appends under way before it closes, and none after', async () => {
    const closing = await PostgresEventStore.open({ url: database.url });
    const streams = Array.from({ length: 50 }, () => freshStream());
    const under = streams.map((stream) => closing.append(stream, 'none', events(1)));
    await Promise.resolve();
    await closing.close();
    for (const result of await Promise.all(under)) expect(result.outcome).toBe('appended');
    const refused = { kind: 'unavailable', code: 'event-store.unavailable' };
    await expect(closing.append(nth(streams, 0), 0, events(1))).rejects.toMatchObject(refused);
    await expect(closing.head()).rejects.toMatchObject(refused);
  });

  it('says that it is unavailable when nobody answers', async () => {
    const url = 'postgres://nobody@127.0.0.1:1/nothing';
    await expect(PostgresEventStore.open({ url })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'event-store.unavailable',
      cause: expect.objectContaining({ code: 'ECONNREFUSED' }),
    });
  });
});
