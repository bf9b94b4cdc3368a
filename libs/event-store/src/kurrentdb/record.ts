import {
  CorruptDataError,
  type EventMetadata,
  invalid,
  type JsonObject,
  type StoredEvent,
} from '@countersign/kernel';
import { randomUUID } from 'node:crypto';

import type { PreparedEvent } from '../prepared-event.js';
import { formatPosition, type LogPosition } from './log-position.js';

/** An event as the server keeps it. */
export interface RecordedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: LogPosition;
  readonly type: string;
  /** Undefined where it is not JSON, which ours always is. */
  readonly data: unknown;
  readonly metadata: unknown;
}

/** An event as the server is given it. */
export interface EventToRecord {
  readonly id: string;
  readonly type: string;
  readonly data: JsonObject;
  /** JSON as UTF-8, which spares the client library a detour. */
  readonly metadata: Uint8Array;
}

const utf8 = new TextEncoder();
const TEXTS: readonly (keyof EventMetadata)[] = [
  'correlationId',
  'causationId',
  'commandId',
  'commandHash',
  'actor',
  'roles',
  'authMethod',
  'recordedAt',
  'prevHash',
  'hash',
];

/** Levels of nesting, far from what exhausts the stack. */
const DEEPEST = 1_000;

/**
 * The record of an event. Its id is a new one in every attempt, and the event's own id goes into the
 * metadata: see `appender.ts` for the reason.
 *
 * @throws AppError `invalid` (`event-store.unstorable-event`) for data nested so deeply that the
 * client might fail to serialise them where it does so once more: that would end the process.
 */
export function toRecord(event: PreparedEvent): EventToRecord {
  if (depthOf(event.data) > DEEPEST) {
    throw invalid('event-store.unstorable-event', 'the event is nested too deeply', {
      details: { type: event.type },
    });
  }
  const { eventId, type, schemaVersion } = event;
  const own = JSON.stringify({ eventId, schemaVersion });
  const metadata = utf8.encode(`${event.metadata.slice(0, -1)},${own.slice(1)}`);
  return { id: randomUUID(), type, data: JSON.parse(event.data) as JsonObject, metadata };
}

/** The event of a record, or undefined when somebody else than an event store of ours wrote it. */
export function toStoredEvent(record: RecordedEvent): StoredEvent | undefined {
  const { stream, revision, type, data } = record;
  if (!isObject(data) || !isObject(record.metadata)) return undefined;
  const { eventId, schemaVersion, ...metadata } = record.metadata;
  if (typeof eventId !== 'string' || typeof schemaVersion !== 'number') return undefined;
  if (!isEventMetadata(metadata)) return undefined;
  const position = formatPosition(record.position);
  return { eventId, type, schemaVersion, data, metadata, stream, revision, position };
}

/**
 * The events of a stream's records; none of a foreign stream.
 *
 * @throws CorruptDataError when others wrote into a stream of ours.
 */
export function toStoredStream(records: readonly RecordedEvent[]): StoredEvent[] {
  const events: StoredEvent[] = [];
  let foreign: RecordedEvent | undefined;
  for (const record of records) {
    const event = toStoredEvent(record);
    if (event === undefined) foreign ??= record;
    else events.push(event);
  }
  if (foreign !== undefined && events.length > 0) throw foreignEvent(foreign);
  return events;
}

/** The alarm about an event that is not ours in a stream of ours. */
export function foreignEvent({ stream, revision, type }: RecordedEvent): CorruptDataError {
  return new CorruptDataError(`${stream}@${revision}`, `"${type}" was not written by this product`);
}

/** Levels of nesting in a JSON text. */
function depthOf(text: string): number {
  // Each level takes two characters at least.
  if (text.length <= 2 * DEEPEST) return 0;
  let [depth, deepest, isText] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const mark = text[at];
    if (mark === '\\') at++;
    else if (mark === '"') isText = !isText;
    else if (isText) continue;
    else if (mark === '{' || mark === '[') deepest = Math.max(deepest, ++depth);
    else if (mark === '}' || mark === ']') depth--;
  }
  return deepest;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEventMetadata(metadata: object): metadata is EventMetadata {
  return TEXTS.every((name) => typeof (metadata as Partial<EventMetadata>)[name] === 'string');
}
