import { CorruptDataError } from '@countersign/kernel';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jsonEvent, KurrentDBClient } from '@kurrent/kurrentdb-client';
import { existsSync } from 'node:fs';

import {
  atLeast,
  event,
  events,
  eventsOf,
  freshCategory,
  freshStream,
  idsOf,
  pagesUntil,
  readToEnd,
} from '../contract/given.js';
import { eventStoreContract } from '../contract-suite.js';
import { KurrentDbEventStore } from './kurrentdb-event-store.js';

const IMAGE = 'kurrentplatform/kurrentdb:26.1.1';
const MISSING = 'KurrentDB was NOT tested: set KURRENTDB_URL to a server, or have Docker running.';

const server = await findServer();

if (server === undefined) {
  console.warn(MISSING);
  describe('KurrentDbEventStore', () => {
    it.skip(MISSING, () => undefined);
  });
} else {
  const { url } = server;
  afterAll(() => server.stop());

  eventStoreContract('KurrentDbEventStore', async () => {
    const opened: KurrentDbEventStore[] = [];
    const another = async () => {
      const store = await KurrentDbEventStore.open({ url, log: console });
      opened.push(store);
      return store;
    };
    return {
      store: await another(),
      another,
      close: async () => {
        for (const store of opened) await store.close();
      },
    };
  });
  describe('KurrentDbEventStore on a server that others use', () => {
    besideOthers(url);
  });
}

function besideOthers(url: string): void {
  const others = KurrentDBClient.connectionString(url.replace('esdb:', 'kurrentdb:'));
  const foreign = () =>
    jsonEvent({ type: 'order-placed', data: { total: 1 }, metadata: { by: 'x' } });
  const write = (stream: string) => others.appendToStream(stream, [foreign(), foreign()]);
  let store: KurrentDbEventStore;
  beforeAll(async () => {
    store = await KurrentDbEventStore.open({ url, log: console });
  });
  afterAll(async () => {
    await store.close();
    await others.dispose();
  });

  it('passes over their streams, whatever these are called', async () => {
    const categories = [freshCategory()];
    const start = await store.head();
    const theirs = freshStream(categories[0]);
    await write(theirs);
    await others.tombstoneStream(theirs);
    await write('orders');
    await write(freshStream(categories[0]));
    const ours = events(2);
    await store.append(freshStream(categories[0]), 'none', ours);
    for (let count = 0; count < 5; count++) await write(freshStream(categories[0]));
    for (const max of [1, 2, 100]) {
      expect(idsOf(await readToEnd(store, start, { categories }, max))).toEqual(idsOf(ours));
    }
    const unfiltered = idsOf(await readToEnd(store, start, {}));
    expect(unfiltered.filter((id) => idsOf(ours).includes(id))).toEqual(idsOf(ours));
    const pages = await pagesUntil(store, start, { categories }, atLeast(2));
    expect(idsOf(eventsOf(pages))).toEqual(idsOf(ours));
    expect(await store.readStream('orders')).toEqual([]);
  });

  it('takes what others write into a stream of ours for corruption', async () => {
    const stream = freshStream();
    await store.append(stream, 'none', events(2));
    await write(stream);
    await expect(store.readStream(stream)).rejects.toBeInstanceOf(CorruptDataError);
    await expect(store.append(stream, 1, events(1))).rejects.toBeInstanceOf(CorruptDataError);
  });

  it('takes a stream that is deleted for corruption', async () => {
    const [deleted, gone] = [freshStream(), freshStream()];
    const first = [event()];
    await store.append(deleted, 'none', first);
    await others.deleteStream(deleted);
    await expect(store.append(deleted, 'none', first)).rejects.toBeInstanceOf(CorruptDataError);
    await store.append(gone, 'none', first);
    await others.tombstoneStream(gone);
    await expect(store.append(gone, 'none', first)).rejects.toBeInstanceOf(CorruptDataError);
    await expect(store.readStream(gone)).rejects.toBeInstanceOf(CorruptDataError);
  });

  it('refuses a position that is none', async () => {
    const invalid = { kind: 'invalid', code: 'event-store.invalid-position' };
    await expect(store.readAll('1:1', {}, 10)).rejects.toMatchObject(invalid);
  });

  it('refuses more than the server takes in one append', async () => {
    const large = Array.from({ length: 8 }, () => event({ text: 'x'.repeat(200 * 1024) }));
    const refused = { kind: 'invalid', code: 'event-store.append-too-large' };
    await expect(store.append(freshStream(), 'none', large)).rejects.toMatchObject(refused);
  });
}

/** The server that is named, or one in a container of our own where there is Docker. */
async function findServer(): Promise<{ url: string; stop: () => Promise<unknown> } | undefined> {
  const named = process.env['KURRENTDB_URL'];
  if (named) return { url: named, stop: () => Promise.resolve() };
  if (!process.env['DOCKER_HOST'] && !existsSync('/var/run/docker.sock')) return undefined;
  try {
    const { GenericContainer, Wait } = await import('testcontainers');
    const isUp = Wait.forHttp('/health/live', 2113).forStatusCodeMatching((code) => code < 300);
    const container = await new GenericContainer(IMAGE)
      .withEnvironment({ KURRENTDB_INSECURE: 'true', KURRENTDB_MEM_DB: 'true' })
      .withExposedPorts(2113)
      .withWaitStrategy(isUp)
      .start();
    const url = `kurrentdb://${container.getHost()}:${container.getMappedPort(2113)}?tls=false`;
    return { url, stop: () => container.stop() };
  } catch (error) {
    console.warn(error);
    return undefined;
  }
}
