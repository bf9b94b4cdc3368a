import type { EventMetadata, JsonObject, NewEvent, StoredEvent } from '@countersign/kernel';
import { randomBytes, randomUUID } from 'node:crypto';

import type { AppendResult, EventStore, FeedFilter, FeedPage } from '../event-store.js';

/** A store to try, opened for one run of the contract. */
export interface StoreUnderTest {
  readonly store: EventStore;
  /** A second client of the same store, as another process would have. */
  readonly another: () => Promise<EventStore>;
  /** Closes the store and every other client. */
  readonly close: () => Promise<void>;
}

/** Gives the store of the run; only inside tests. */
export type Subject = () => StoreUnderTest;

const metadata: EventMetadata = {
  correlationId: '7b3f2a52-5d3e-4f4e-8c11-1f0c5c2f8d10',
  causationId: 'trade-4711',
  commandId: '0d0b7c2e-59d5-5f0c-9b57-8b1a5c0f2e41',
  commandHash: 'c'.repeat(64),
  actor: 'alice',
  roles: 'trader,approver',
  authMethod: 'bearer',
  recordedAt: '2026-11-24T10:00:00.000Z',
  prevHash: '0'.repeat(64),
  hash: 'a'.repeat(64),
};

/** An event with an id of its own. */
export function event(data: JsonObject = { amount: 1 }, more: Partial<NewEvent> = {}): NewEvent {
  const eventId = randomUUID();
  return { eventId, type: 'contract.tested', schemaVersion: 1, data, metadata, ...more };
}

export function events(count: number): NewEvent[] {
  return Array.from({ length: count }, (_, index) => event({ index }));
}

/** A category that no other run uses: the store may hold anything else. */
export function freshCategory(): string {
  return `t${randomBytes(6).toString('hex')}`;
}

/** A stream that does not exist. */
export function freshStream(category = freshCategory()): string {
  return `${category}-${randomUUID()}`;
}

/** A member of a list that must be there. */
export function nth<T>(list: readonly T[], index: number): T {
  const found = list.at(index);
  if (found === undefined) throw new RangeError(`nothing at ${index} of ${list.length}`);
  return found;
}

/** Where an append stands that must not have ended in a conflict. */
export function positionOf(result: AppendResult): string {
  if (result.outcome === 'conflict') throw new Error(`conflict at revision ${result.revision}`);
  return result.position;
}

export function idsOf(list: readonly NewEvent[]): string[] {
  return list.map(({ eventId }) => eventId);
}

/** All matching events after a position, read in pages until the end. */
export async function readToEnd(
  store: EventStore,
  after: string | undefined,
  filter: FeedFilter,
  max = 100,
): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (let at = after; ;) {
    const page = await store.readAll(at, filter, max);
    found.push(...page.events);
    if (page.caughtUp) return found;
    at = page.position;
  }
}

/**
 * The pages of a subscription until one satisfies the condition, or until time is up, and then none
 * of what was missing is made up for: the caller's expectations fail on it.
 */
export async function pagesUntil(
  store: EventStore,
  after: string | undefined,
  filter: FeedFilter,
  isEnough: (pages: readonly FeedPage[]) => boolean,
  options: { readonly maxPage?: number; readonly within?: number } = {},
): Promise<FeedPage[]> {
  const pages: FeedPage[] = [];
  const { maxPage = 500, within = 10_000 } = options;
  const signal = AbortSignal.timeout(within);
  for await (const page of store.subscribeAll(after, filter, { maxPage, signal })) {
    pages.push(page);
    if (isEnough(pages)) break;
  }
  return pages;
}

/** The events that pages hold. */
export function eventsOf(pages: readonly FeedPage[]): StoredEvent[] {
  return pages.flatMap((page) => page.events);
}

/** For `pagesUntil`: until so many events have come. */
export function atLeast(count: number): (pages: readonly FeedPage[]) => boolean {
  return (pages) => eventsOf(pages).length >= count;
}
