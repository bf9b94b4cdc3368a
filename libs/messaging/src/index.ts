export { BusSigner, SIGNATURE_HEADER } from './bus-signer.js';
export { connectBus } from './bus.js';
export { CommandClient, type CommandContext, CommandServer } from './commands.js';
export {
  type Checkpoints,
  EventRelay,
  type EventRelayOptions,
  type Leadership,
  POSITION_HEADER,
  type RelayCheckpoint,
} from './event-relay.js';
export { EventFeeds } from './event-feeds.js';
export type { MessagingLog } from './messaging-log.js';
export { EventOffers, EventReactor, type ObservedEvent } from './reactions.js';
export { request, respond } from './request-reply.js';
export { StreamConsumer, type StreamConsumerOptions } from './stream-consumer.js';
export { DUPLICATE_WINDOW_MS, ensureStreams } from './streams.js';
