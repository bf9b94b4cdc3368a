import type { StoredEvent } from '@countersign/kernel';
import { z } from 'zod';

import { JsonRecord } from './scalars.js';

const TYPE = /^countersign\.([a-z]+\.[a-z-]+)\.v([0-9]+)$/;

/** A published event: structured CloudEvents 1.0 JSON with the extensions of the product. */
export const CloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: z.uuid(),
  /** `/countersign/<category>` */
  source: z.string(),
  /** `countersign.<category>.<event>.v<schema version>` */
  type: z.string().regex(TYPE),
  /** The stream. */
  subject: z.string(),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  correlationid: z.string(),
  causationid: z.string(),
  /** The stream: events with the same key keep their order. */
  partitionkey: z.string(),
  /** Revision in the stream, zero-padded to ten digits so that texts compare as numbers do. */
  sequence: z.string(),
  /** Verified subject of whoever caused it. */
  actor: z.string(),
  data: JsonRecord,
});
export type CloudEvent = z.infer<typeof CloudEvent>;

/** The published form of a stored event. */
export function toCloudEvent(event: Omit<StoredEvent, 'position'>): CloudEvent {
  const [category = ''] = event.type.split('.');
  return {
    specversion: '1.0',
    id: event.eventId,
    source: `/countersign/${category}`,
    type: `countersign.${event.type}.v${event.schemaVersion}`,
    subject: event.stream,
    time: event.metadata.recordedAt,
    datacontenttype: 'application/json',
    correlationid: event.metadata.correlationId,
    causationid: event.metadata.causationId,
    partitionkey: event.stream,
    sequence: String(event.revision).padStart(10, '0'),
    actor: event.metadata.actor,
    data: event.data,
  };
}

/** The event type and schema version that a CloudEvents `type` names. */
export function parseCloudEventType(type: string): { type: string; schemaVersion: number } {
  const match = TYPE.exec(type);
  if (!match?.[1] || !match[2]) throw new TypeError(`not a type of this product: ${type}`);
  return { type: match[1], schemaVersion: Number(match[2]) };
}
