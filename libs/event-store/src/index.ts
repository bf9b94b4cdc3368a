export {
  type AppendResult,
  EventStore,
  type ExpectedRevision,
  type FeedFilter,
  type FeedPage,
  MAX_EVENT_BYTES,
  type SubscribeOptions,
} from './event-store.js';
