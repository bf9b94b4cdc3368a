import type { StoredEvent } from '@countersign/kernel';

import { parsePosition } from '../decimal-position.js';
import type { FeedFilter, FeedPage } from '../event-store.js';
import { Backoff } from '../backoff.js';
import type { EventReader } from './event-reader.js';
import type { FeedTail } from './feed-tail.js';

/** What a subscription works with, and wants. */
export interface Subscription {
  readonly tail: FeedTail;
  readonly reader: EventReader;
  readonly onError: (error: unknown) => void;
  /** Last position that is not wanted any more. */
  readonly after: number;
  readonly filter: FeedFilter;
  readonly maxPage: number;
  readonly signal: AbortSignal;
}

/** Milliseconds between pages without events while others' events pass by: each costs a checkpoint. */
const EMPTY_PAGE_EVERY = 100;

/**
 * The pages of one subscription: from the store while it is behind, and from the shared tail once it
 * keeps up. It outlives every failure of the store.
 */
export async function* subscription(wanted: Subscription): AsyncGenerator<FeedPage, void> {
  const { tail, filter, maxPage, signal } = wanted;
  let at = wanted.after;
  let saidCaughtUp = false;
  let emptyPageAt = 0;
  const isEnded = () => signal.aborted;
  if (isEnded()) return;
  const leave = tail.join(filter);
  try {
    while (!isEnded()) {
      const { version } = tail;
      const page = tail.page(at, filter, maxPage);
      if (page === undefined) {
        for await (const past of catchUp(wanted, at, tail.end)) {
          at = parsePosition(past.position);
          saidCaughtUp = false;
          yield past;
          if (isEnded()) return;
        }
        continue;
      }
      const end = parsePosition(page.position);
      const wait = end === at ? undefined : emptyPageAt + EMPTY_PAGE_EVERY - performance.now();
      const news = page.events.length > 0 || (page.caughtUp && !saidCaughtUp);
      if (!news && (wait === undefined || wait > 0)) {
        await tail.changed(version, signal, wait);
        continue;
      }
      at = end;
      saidCaughtUp = page.caughtUp;
      if (page.events.length === 0) emptyPageAt = performance.now();
      yield page;
    }
  } finally {
    leave();
  }
}

/** The settled past, one page read ahead of its consumer. */
async function* catchUp(
  { reader, filter, maxPage, signal, onError }: Subscription,
  after: number,
  upTo: number,
): AsyncGenerator<FeedPage, void> {
  const isEnded = () => signal.aborted;
  const backoff = new Backoff();
  const read = (from: number) => {
    const events = reader.range(from, upTo, filter, maxPage);
    events.catch(() => undefined); // looked at when its turn comes, if it ever does
    return events;
  };
  let at = after;
  let next = read(at);
  while (at < upTo) {
    let events: StoredEvent[];
    try {
      events = await next;
    } catch (error) {
      if (isEnded()) return;
      onError(error);
      await backoff.pause(signal);
      if (isEnded()) return;
      next = read(at);
      continue;
    }
    backoff.reset();
    const last = events.length < maxPage ? undefined : events.at(-1);
    at = last === undefined ? upTo : parsePosition(last.position);
    if (at < upTo) next = read(at);
    yield { events, position: String(at), caughtUp: false };
  }
}
