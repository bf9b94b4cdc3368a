export {
  type AppendResult,
  EventStore,
  type ExpectedRevision,
  type FeedFilter,
  type FeedPage,
  MAX_EVENT_BYTES,
  type SubscribeOptions,
} from './event-store.js';
export { InMemoryEventStore } from './in-memory-event-store.js';
export {
  PostgresEventStore,
  type PostgresEventStoreOptions,
} from './postgres/postgres-event-store.js';
