import {
  CorruptDataError,
  type JsonObject,
  messageOf,
  type StoredEvent,
} from '@countersign/kernel';

import type { DomainEvent, EventType } from './event-type.js';
import { eventTypes } from './events/registry.js';

const byName = new Map(eventTypes.map((type) => [type.type, type]));

function typeNamed(name: string, place: string): EventType {
  const type = byName.get(name);
  if (!type) throw new CorruptDataError(place, `unknown event type ${name}`);
  return type;
}

/** An event's data in the form that is stored, with the version that it is written in. */
export interface EncodedEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: JsonObject;
}

/**
 * Checks an event against its schema before it is appended: unknown members are refused.
 *
 * @throws CorruptDataError when the deciding code made an event that its schema does not know.
 */
export function encodeEvent(event: DomainEvent): EncodedEvent {
  const type = typeNamed(event.type, 'event to append');
  const result = type.strict.safeParse(event.data);
  if (!result.success) throw new CorruptDataError(event.type, messageOf(result.error));
  return { type: event.type, schemaVersion: type.version, data: result.data as JsonObject };
}

/**
 * Lifts a stored event to today's version and parses it. The one place where old versions are known.
 *
 * @throws CorruptDataError when stored data does not fit its schema.
 */
export function decodeEvent(
  stored: Pick<StoredEvent, 'stream' | 'revision' | 'type' | 'schemaVersion' | 'data'>,
): DomainEvent {
  const place = `${stored.stream}@${stored.revision}`;
  const type = typeNamed(stored.type, place);
  if (stored.schemaVersion > type.version) {
    throw new CorruptDataError(place, `${stored.type} v${stored.schemaVersion} is from the future`);
  }
  const lifted = type.upcasters
    .slice(stored.schemaVersion - 1)
    .reduce((data, upcast) => upcast(data), stored.data);
  const result = type.schema.safeParse(lifted);
  if (!result.success) throw new CorruptDataError(place, messageOf(result.error));
  return { type: stored.type, data: result.data };
}
