import { categoryOf, type NewEvent, type StoredEvent } from '@countersign/kernel';

import { formatPosition, parsePosition } from './decimal-position.js';
import {
  type AppendResult,
  EventStore,
  type ExpectedRevision,
  type FeedFilter,
  type FeedPage,
  type SubscribeOptions,
} from './event-store.js';
import { prepareAppend, type PreparedEvent } from './prepared-event.js';

/** The event store of pure tests: everything in memory, nothing durable, never unavailable. */
export class InMemoryEventStore extends EventStore {
  /** The global order: an event's position is its index plus one. */
  readonly #all: StoredEvent[] = [];
  readonly #streams = new Map<string, StoredEvent[]>();
  readonly #closing = new AbortController();
  #grown = Promise.withResolvers<undefined>();

  override append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    return settle(() => this.#append(stream, expected, prepareAppend(stream, expected, events)));
  }

  override readStream(
    stream: string,
    { from = 0, max = Infinity }: { readonly from?: number; readonly max?: number } = {},
  ): Promise<StoredEvent[]> {
    return Promise.resolve(this.#streamOf(stream).slice(from, from + max));
  }

  override readAll(after: string | undefined, filter: FeedFilter, max: number): Promise<FeedPage> {
    return settle(() => this.#page(parsePosition(after), filter, max));
  }

  override subscribeAll(
    after: string | undefined,
    filter: FeedFilter,
    { signal, maxPage = 500 }: SubscribeOptions,
  ): AsyncIterable<FeedPage> {
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    return this.#subscription(parsePosition(after), filter, maxPage, ended);
  }

  override comparePositions(a: string, b: string): number {
    return parsePosition(a) - parsePosition(b);
  }

  override head(): Promise<string | undefined> {
    return Promise.resolve(formatPosition(this.#all.length));
  }

  override close(): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  #append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly PreparedEvent[],
  ): AppendResult {
    const stored = this.#streamOf(stream);
    const last = stored.length - 1;
    const first = firstRevision(stored, expected, events);
    const earlier = stored.slice(first, first + events.length);
    const final = earlier.at(-1);
    if (
      final !== undefined &&
      earlier.length === events.length &&
      earlier.every((event, index) => event.eventId === events[index]?.eventId)
    ) {
      return { outcome: 'duplicate', revision: final.revision, position: final.position };
    }
    if (first !== last + 1 || (expected === 'exists' && last < 0)) {
      return { outcome: 'conflict', revision: last };
    }
    for (const event of events) this.#store(stream, stored, event);
    this.#streams.set(stream, stored);
    this.#grown.resolve(undefined);
    this.#grown = Promise.withResolvers();
    return {
      outcome: 'appended',
      revision: stored.length - 1,
      position: String(this.#all.length),
    };
  }

  #store(stream: string, stored: StoredEvent[], event: PreparedEvent): void {
    const complete: StoredEvent = {
      ...event,
      data: JSON.parse(event.data) as StoredEvent['data'],
      metadata: JSON.parse(event.metadata) as StoredEvent['metadata'],
      stream,
      revision: stored.length,
      position: String(this.#all.length + 1),
    };
    stored.push(complete);
    this.#all.push(complete);
  }

  #streamOf(stream: string): StoredEvent[] {
    return this.#streams.get(stream) ?? [];
  }

  #page(after: number, filter: FeedFilter, max: number): FeedPage {
    const events: StoredEvent[] = [];
    for (const event of this.#all.slice(after)) {
      if (!(filter.categories?.includes(categoryOf(event.stream)) ?? true)) continue;
      events.push(event);
      if (events.length === max) return { events, position: event.position, caughtUp: false };
    }
    const position = formatPosition(Math.max(after, this.#all.length));
    return { events, position, caughtUp: true };
  }

  async *#subscription(
    after: number,
    filter: FeedFilter,
    max: number,
    ended: AbortSignal,
  ): AsyncGenerator<FeedPage, void> {
    const aborted = new Promise((resolve) => {
      ended.addEventListener('abort', resolve, { once: true });
    });
    for (let at = after, isNew = true; !ended.aborted;) {
      const page = this.#page(at, filter, max);
      const grown = this.#grown.promise;
      if (isNew || page.events.length > 0) {
        isNew = !page.caughtUp;
        at = parsePosition(page.position);
        yield page;
      } else {
        await Promise.race([grown, aborted]);
        isNew = true;
      }
    }
  }
}

/** Does the work at once; what it throws becomes a rejection. */
function settle<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

/** Where the events would come to stand, or have. */
function firstRevision(
  stored: readonly StoredEvent[],
  expected: ExpectedRevision,
  events: readonly PreparedEvent[],
): number {
  if (expected === 'none') return 0;
  if (expected !== 'exists') return expected + 1;
  const index = stored.findIndex((event) => event.eventId === events[0]?.eventId);
  return index < 0 ? stored.length : index;
}
