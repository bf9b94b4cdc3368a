export {
  Actor,
  ADMINISTRATORS,
  isAdministrator,
  isPersonId,
  isSystem,
  isSystemId,
  systemActor,
} from './actor.js';
export { Clock, SystemClock } from './clock.js';
export { type Aggregate, fold } from './decider.js';
export type { EventMetadata, NewEvent, StoredEvent } from './envelope.js';
export {
  AppError,
  type AppErrorOptions,
  conflict,
  CorruptDataError,
  type ErrorKind,
  forbidden,
  invalid,
  messageOf,
  notFound,
  rule,
  unauthenticated,
  unavailable,
} from './errors.js';
export { type ChainBreak, eventHash, GENESIS_HASH, verifyChain } from './hash-chain.js';
export { categoryOf, derivedId, idOf, newId, streamName } from './ids.js';
export {
  canonicalJson,
  hashOf,
  isJson,
  isJsonObject,
  type Json,
  type JsonObject,
  sha256,
} from './json.js';
export { indexIn, segment, segmentsOf, valueAt } from './json-pointer.js';
export { SharedRounds } from './shared-rounds.js';
export { freeTextProblem, isDisplayName, isPlainName } from './text.js';
export { Turns } from './turns.js';
export { findUnstorableText, mayHoldUnstorableText } from './unstorable-text.js';
export { parseInput } from './validation.js';
