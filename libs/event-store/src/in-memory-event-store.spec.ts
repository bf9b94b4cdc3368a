import { eventStoreContract } from './contract-suite.js';
import { InMemoryEventStore } from './in-memory-event-store.js';

/** Another client of an in-memory store is the store itself, so closing one must not end the rest. */
class SharedInMemoryStore extends InMemoryEventStore {}

eventStoreContract('InMemoryEventStore', () => {
  const store = new SharedInMemoryStore();
  return Promise.resolve({
    store,
    another: () => Promise.resolve(store),
    close: () => store.close(),
  });
});
