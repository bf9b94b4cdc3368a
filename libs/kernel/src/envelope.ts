import type { JsonObject } from './json.js';

/**
 * What travels beside an event's data. All values are strings, so that any store keeps them as they
 * are, and absent members are absent rather than empty.
 */
export interface EventMetadata {
  /** Groups everything that one outside request or message set in motion. */
  readonly correlationId: string;
  /** The event or command that directly led to this event. */
  readonly causationId: string;
  /** The command that decided this event; repeating it must not decide again. */
  readonly commandId: string;
  /** SHA-256 of the command's canonical body: tells a repeat from a reused idempotency key. */
  readonly commandHash: string;
  /** The verified person, or the part of the product. */
  readonly actor: string;
  /** The verified subject, where it is another login of that person. */
  readonly login?: string;
  readonly onBehalfOf?: string;
  /** The actor's roles at that moment, comma-separated. */
  readonly roles: string;
  readonly authMethod: string;
  /** RFC 3339 UTC, from the deciding service's clock. */
  readonly recordedAt: string;
  /** Hash of the stream's previous event; 64 zeros for the first. */
  readonly prevHash: string;
  /** See `hash-chain.ts`. */
  readonly hash: string;
}

/** An event ready to be appended. */
export interface NewEvent {
  /** UUID, the same in every retry of the same command. */
  readonly eventId: string;
  /** `context.past-tense`, e.g. `approval.granted`. */
  readonly type: string;
  /** Version of the data's schema, from 1. */
  readonly schemaVersion: number;
  readonly data: JsonObject;
  readonly metadata: EventMetadata;
}

/** An event as the store returns it. */
export interface StoredEvent extends NewEvent {
  readonly stream: string;
  /** Index within the stream, from 0. */
  readonly revision: number;
  /** Place in the global order: opaque, comparable only through the store. */
  readonly position: string;
}
