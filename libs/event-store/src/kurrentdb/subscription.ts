import { messageOf, unavailable } from '@countersign/kernel';

import type { FeedPage } from '../event-store.js';
import { Backoff } from '../postgres/backoff.js';
import type { Client, Prefixes } from './client.js';
import { FeedBuffer } from './feed-buffer.js';
import {
  compareLogPositions,
  formatPosition,
  type LogPosition,
  parsePosition,
} from './log-position.js';

/** Where an adapter reports what it survives. */
export interface KurrentDbLog {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

/** What a subscription works with, and wants. */
export interface Subscription {
  readonly client: Client;
  readonly log: KurrentDbLog;
  readonly after: LogPosition | undefined;
  /** As far as the log is known to reach at the time of asking. */
  readonly known: () => LogPosition | undefined;
  readonly prefixes: Prefixes;
  readonly maxPage: number;
  readonly signal: AbortSignal;
}

/**
 * The pages of the global order as it grows. The client's own subscription ends for good when the
 * connection breaks, so another is made where the last page ended, for as long as it takes.
 */
export async function* subscription(wanted: Subscription): AsyncGenerator<FeedPage, void> {
  const { log, signal } = wanted;
  const backoff = new Backoff();
  let at = wanted.after;
  let isLost = false;
  const isOver = () => signal.aborted;
  while (!isOver()) {
    const buffer = new FeedBuffer({ ...wanted, after: at, known: wanted.known() });
    void checkReach(buffer, wanted, at);
    try {
      for (let page = await buffer.next(); page !== undefined; page = await buffer.next()) {
        if (isLost) log.info({ position: page.position }, 'event store subscription is back');
        isLost = false;
        backoff.reset();
        if (page.position !== undefined) at = parsePosition(page.position);
        yield page;
      }
    } catch (error) {
      if (isOver()) return;
      const fields = { reason: messageOf(error), error };
      if (isLost) log.debug(fields, 'event store subscription is still lost');
      else log.warn(fields, 'event store subscription is lost, trying again until it is back');
      isLost = true;
    } finally {
      buffer.close();
    }
    await backoff.pause(signal);
  }
}

/**
 * Fails a subscription that starts beyond the end of the log, in a store that was reset for example:
 * the server would wait for the log to get there and leave out everything on the way.
 */
async function checkReach(
  buffer: FeedBuffer,
  { client, log }: Subscription,
  after: LogPosition | undefined,
): Promise<void> {
  if (after === undefined) return;
  try {
    const head = await client.head();
    if (head !== undefined && compareLogPositions(head, after) >= 0) return;
    const message = 'the event store ends before the position to go on from';
    log.error({ position: formatPosition(after) }, message);
    buffer.failed(unavailable('event-store.behind', message));
  } catch (error) {
    buffer.failed(error);
  }
}
