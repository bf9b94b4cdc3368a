import type { EventMetadata, JsonObject, StoredEvent } from '@countersign/kernel';

/** The columns that `toStoredEvent` reads, in its order. */
export const EVENT_COLUMNS =
  'position, stream_id, revision, event_id, type, schema_version, data, metadata';

/** A row of these columns, undecoded. */
export type EventRow = [string, string, string, string, string, string, string, string];

export function toStoredEvent(row: EventRow): StoredEvent {
  const [position, stream, revision, eventId, type, schemaVersion, data, metadata] = row;
  return {
    eventId,
    type,
    schemaVersion: Number(schemaVersion),
    data: JSON.parse(data) as JsonObject,
    metadata: JSON.parse(metadata) as EventMetadata,
    stream,
    revision: Number(revision),
    position,
  };
}
