import { type EventStore, PostgresEventStore } from '@countersign/event-store';

import type { Config } from './config.js';
import type { Log } from './log.js';

/** Opens the store that the configuration chooses. The KurrentDB client is loaded only when it is used. */
export async function openEventStore(config: Config, log: Log): Promise<EventStore> {
  if (config.EVENT_STORE === 'kurrentdb' && config.KURRENTDB_URL) {
    const { KurrentDbEventStore } = await import('@countersign/event-store/kurrentdb');
    return KurrentDbEventStore.open({ url: config.KURRENTDB_URL, log });
  }
  return PostgresEventStore.open({ url: config.DATABASE_URL });
}
