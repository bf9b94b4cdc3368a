import {
  findUnstorableText,
  invalid,
  mayHoldUnstorableText,
  type NewEvent,
} from '@countersign/kernel';

import { type ExpectedRevision, MAX_EVENT_BYTES } from './event-store.js';

/** A checked event in the form that is sent: serialised once, at the edge. */
export interface PreparedEvent {
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  /** JSON text. */
  readonly data: string;
  /** JSON text. */
  readonly metadata: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Checks what an append is given, so that nothing the store would choke on travels to it beside the
 * appends of others.
 *
 * @throws AppError `invalid`, see `EventStore.append`.
 * @throws TypeError when the caller's code is wrong: a malformed stream name, id or expectation.
 */
export function prepareAppend(
  stream: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
): PreparedEvent[] {
  if (stream === '' || !isStorable(stream)) throw new TypeError('not a stream name');
  if (typeof expected === 'number' && !(Number.isSafeInteger(expected) && expected >= 0)) {
    throw new TypeError(`not a revision: ${expected}`);
  }
  if (events.length === 0) throw invalid('event-store.empty-append', 'an append needs an event');
  return events.map((event) => prepare(stream, event));
}

function prepare(stream: string, event: NewEvent): PreparedEvent {
  if (!UUID.test(event.eventId)) throw new TypeError(`event id is not a UUID: ${event.eventId}`);
  if (!isStorable(event.type)) throw new TypeError('an event type must be storable text');
  const data = serialise(stream, event, event.data);
  const metadata = serialise(stream, event, event.metadata);
  rejectUnstorableText(stream, event, data, metadata);
  rejectTooLarge(stream, event, data, metadata);
  const { eventId, type, schemaVersion } = event;
  return { eventId: eventId.toLowerCase(), type, schemaVersion, data, metadata };
}

function serialise(stream: string, event: NewEvent, value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // Only nesting beyond the stack; cycles and big integers are faults of ours, not of the data.
    if (!(error instanceof RangeError)) throw error;
    throw invalid('event-store.unstorable-event', 'the event is nested too deeply', {
      details: { stream, type: event.type },
      cause: error,
    });
  }
}

function isStorable(text: string): boolean {
  return findUnstorableText(text) === undefined;
}

function rejectUnstorableText(stream: string, event: NewEvent, data: string, metadata: string) {
  // The quick look may be wrong only by saying yes: an escaped backslash before a `u0000`.
  if (!mayHoldUnstorableText(data) && !mayHoldUnstorableText(metadata)) return;
  const at = findUnstorableText({ data: event.data, metadata: event.metadata });
  if (at === undefined) return;
  throw invalid(
    'event-store.unstorable-text',
    'NUL characters and lone surrogates cannot be kept',
    {
      details: { stream, type: event.type, at },
    },
  );
}

function rejectTooLarge(stream: string, event: NewEvent, data: string, metadata: string) {
  // Counting bytes is only needed where the bound on them, three a code unit, is over the limit.
  if ((data.length + metadata.length) * 3 <= MAX_EVENT_BYTES) return;
  const bytes = Buffer.byteLength(data) + Buffer.byteLength(metadata);
  if (bytes <= MAX_EVENT_BYTES) return;
  throw invalid('event-store.event-too-large', `an event may take ${MAX_EVENT_BYTES} bytes`, {
    details: { stream, type: event.type, bytes },
  });
}
