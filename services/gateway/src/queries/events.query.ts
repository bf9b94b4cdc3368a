import { allCategories, Id, JsonRecord, Position } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { categoryOf, forbidden, idOf, invalid, streamName } from '@countersign/kernel';
import type { StoredEvent } from '@countersign/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';

import type { Page } from './cursor.js';
import { limit, pageOf, Text, Timestamp } from './parameters.js';
import type { ReadView } from './read-view.js';

export const EventsParameters = z.strictObject({
  stream: Text.optional().describe('`<category>-<uuid>`; absent: all, in their global order'),
  category: z.enum(allCategories).optional(),
  after: Text.optional().describe('`nextCursor` of the page before'),
  limit: limit(1_000, 100),
});

const Metadata = z.object({
  correlationId: z.string(),
  causationId: z.string(),
  commandId: z.string(),
  commandHash: z.string(),
  actor: z.string().describe('the verified person, or a part of the product'),
  login: z
    .string()
    .optional()
    .describe('the verified subject, where it is another login of that person'),
  onBehalfOf: z.string().optional(),
  roles: z.string().describe("the actor's roles at that moment, comma-separated"),
  authMethod: z.string(),
  recordedAt: Timestamp,
  prevHash: z.string().describe("hash of the stream's previous event; zeros for the first"),
  hash: z.string().describe('SHA-256 of prevHash and everything else that is stored'),
});

const RecordedEvent = z.object({
  position: Position,
  stream: z.string().describe('`<category>-<uuid>`'),
  revision: z.int().nonnegative().describe('index in the stream, from 0'),
  eventId: Id,
  type: z.string(),
  schemaVersion: z.int().positive(),
  data: JsonRecord.describe('as it was stored; asyncapi.json describes each type'),
  metadata: Metadata,
});

export const EventsPage = pageOf(RecordedEvent);

type Parameters = z.output<typeof EventsParameters>;

const REVISION = /^\d{1,9}$/;
const NOTHING: Page<StoredEvent> = { items: [], nextCursor: null };

/** The record itself, as it is stored: of one stream, or of all in their global order. */
@Injectable()
export class EventsQuery {
  constructor(@Inject(EventStore) private readonly store: EventStore) {}

  /** @throws AppError `query.bad-cursor`; `event.not-visible` for those who do not see everything. */
  async list(view: ReadView, parameters: Parameters): Promise<Page<StoredEvent>> {
    // Not every event says whose it is, so the raw record cannot be shown in part.
    if (!view.seesEverything) throw forbidden('event.not-visible', 'you do not see everything');
    const { stream, category, after, limit: max } = parameters;
    if (stream === undefined) return await this.#ofAll(category, after, max);
    return isOurs(stream) && (category ?? categoryOf(stream)) === categoryOf(stream)
      ? await this.#ofStream(stream, after, max)
      : NOTHING;
  }

  async #ofStream(stream: string, after: string | undefined, max: number) {
    if (after !== undefined && !REVISION.test(after)) throw badCursor();
    const from = after === undefined ? 0 : Number(after) + 1;
    const events = await this.store.readStream(stream, { from, max });
    const last = events.length < max ? undefined : events.at(-1);
    return { items: events.map(toItem), nextCursor: last ? String(last.revision) : null };
  }

  async #ofAll(category: string | undefined, after: string | undefined, max: number) {
    if (after !== undefined) this.#mustBePosition(after);
    const filter = { categories: category === undefined ? allCategories : [category] };
    const { events, position, caughtUp } = await this.store.readAll(after, filter, max);
    return { items: events.map(toItem), nextCursor: caughtUp ? null : (position ?? null) };
  }

  #mustBePosition(text: string): void {
    try {
      this.store.comparePositions(text, text);
    } catch {
      throw badCursor();
    }
  }
}

const badCursor = () => invalid('query.bad-cursor', 'after: not a place as a page gave it');

/** A store may hold streams of other products, or of its own making, which are none of our callers' business. */
function isOurs(stream: string): boolean {
  const category = categoryOf(stream);
  if (!allCategories.includes(category)) return false;
  try {
    return streamName(category, idOf(stream)) === stream;
  } catch {
    return false;
  }
}

function toItem(event: StoredEvent): StoredEvent {
  const { position, stream, revision, eventId, type, schemaVersion, data, metadata } = event;
  return { position, stream, revision, eventId, type, schemaVersion, data, metadata };
}
