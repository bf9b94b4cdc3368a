export {
  KurrentDbEventStore,
  type KurrentDbEventStoreOptions,
  type KurrentDbLog,
} from './kurrentdb-event-store.js';
