import { describe, it } from '@jest/globals';
import { existsSync } from 'node:fs';

import { eventStoreContract } from '../contract-suite.js';
import { KurrentDbEventStore } from './kurrentdb-event-store.js';

const IMAGE = 'kurrentplatform/kurrentdb:26.1.1';

const server = await findServer();

if (server === undefined) {
  const message =
    'KurrentDB was NOT tested: set KURRENTDB_URL to a server, or have Docker running.';
  console.warn(message);
  describe('KurrentDbEventStore', () => {
    it.skip(message, () => undefined);
  });
} else {
  eventStoreContract('KurrentDbEventStore', async () => {
    const opened: KurrentDbEventStore[] = [];
    const another = async () => {
      const store = await KurrentDbEventStore.open({ url: server.url, log: console });
      opened.push(store);
      return store;
    };
    return {
      store: await another(),
      another,
      close: async () => {
        for (const store of opened) await store.close();
        await server.stop();
      },
    };
  });
}

/** The server that is named, or one in a container of our own where there is Docker. */
async function findServer(): Promise<{ url: string; stop: () => Promise<unknown> } | undefined> {
  const named = process.env['KURRENTDB_URL'];
  if (named) return { url: named, stop: () => Promise.resolve() };
  if (!process.env['DOCKER_HOST'] && !existsSync('/var/run/docker.sock')) return undefined;
  try {
    const { GenericContainer, Wait } = await import('testcontainers');
    const container = await new GenericContainer(IMAGE)
      .withEnvironment({ KURRENTDB_INSECURE: 'true', KURRENTDB_MEM_DB: 'true' })
      .withExposedPorts(2113)
      .withWaitStrategy(
        Wait.forHttp('/health/live', 2113).forStatusCodeMatching((code) => code < 300),
      )
      .start();
    const url = `kurrentdb://${container.getHost()}:${container.getMappedPort(2113)}?tls=false`;
    return { url, stop: () => container.stop() };
  } catch (error) {
    console.warn(error);
    return undefined;
  }
}
