import { startTestPostgres } from '@countersign/testing';

import { eventStoreContract } from '../contract-suite.js';
import { PostgresEventStore } from './postgres-event-store.js';

eventStoreContract('PostgresEventStore', async () => {
  const database = await startTestPostgres();
  const opened: PostgresEventStore[] = [];
  const another = async () => {
    const store = await PostgresEventStore.open({ url: database.url });
    opened.push(store);
    return store;
  };
  return {
    store: await another(),
    another,
    close: async () => {
      for (const store of opened) await store.close();
      await database.stop();
    },
  };
});
