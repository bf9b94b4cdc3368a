import { APPENDED_SUBJECT } from '@countersign/contracts';
import { type EventStore, PostgresEventStore } from '@countersign/event-store';
import { newId } from '@countersign/kernel';
import type { NatsConnection } from '@nats-io/nats-core';

import type { Config } from './config.js';
import type { Log } from './log.js';

/** One hint to other processes for all appends of so many milliseconds. */
const HINT_EVERY_MS = 3;

/** Opens the store that the configuration chooses. The KurrentDB client is loaded only when it is used. */
export async function openEventStore(
  config: Config,
  bus: NatsConnection,
  log: Log,
): Promise<EventStore> {
  if (config.EVENT_STORE === 'kurrentdb' && config.KURRENTDB_URL) {
    const { KurrentDbEventStore } = await import('@countersign/event-store/kurrentdb');
    return KurrentDbEventStore.open({ url: config.KURRENTDB_URL, log });
  }
  const process = newId();
  const store = await PostgresEventStore.open({
    url: config.DATABASE_URL,
    onAppended: hinter(bus, process),
    onError: (error) => {
      log.warn({ error }, 'the event store does not answer a subscription');
    },
  });
  // Postgres does not push: without the hint another process would look every 100 ms.
  bus.subscribe(APPENDED_SUBJECT, {
    callback: (error, hint) => {
      if (!error && hint.string() !== process) store.wake();
    },
  });
  return store;
}

function hinter(bus: NatsConnection, process: string): () => void {
  let pending: NodeJS.Timeout | undefined;
  return () => {
    pending ??= setTimeout(() => {
      pending = undefined;
      if (!bus.isClosed()) bus.publish(APPENDED_SUBJECT, process);
    }, HINT_EVERY_MS);
  };
}
