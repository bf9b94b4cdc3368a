import { AppError, invalid, messageOf } from '@countersign/kernel';

import type { FeedPage } from '../event-store.js';
import { Backoff } from '../backoff.js';
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
    let buffer: FeedBuffer | undefined;
    try {
      await checkReach(wanted, at);
      if (isOver()) return;
      buffer = new FeedBuffer({ ...wanted, after: at, known: wanted.known() });
      for (let page = await buffer.next(); page !== undefined; page = await buffer.next()) {
        if (isLost) log.info({ position: page.position }, 'event store subscription is back');
        isLost = false;
        backoff.reset();
        if (page.position !== undefined) at = parsePosition(page.position);
        yield page;
      }
    } catch (error) {
      if (isOver()) return;
      if (!isLost) report(log, error, at);
      isLost = true;
    } finally {
      buffer?.close();
    }
    await backoff.pause(signal);
  }
}

/**
 * Refuses to go on beyond the end of the log, as in a store that was reset: the server would wait for
 * the log to get there, and leave out everything on the way.
 */
async function checkReach({ client, log }: Subscription, after: LogPosition | undefined) {
  if (after === undefined) return;
  let head: LogPosition | undefined;
  try {
    head = await client.head();
  } catch (error) {
    // Whether the server is there at all shows in a moment.
    log.debug({ reason: messageOf(error) }, 'the end of the event store was not found');
    return;
  }
  if (head !== undefined && compareLogPositions(head, after) >= 0) return;
  throw invalid('event-store.invalid-position', 'the event store ends before this position');
}

function report(log: KurrentDbLog, error: unknown, at: LogPosition | undefined): void {
  const position = at && formatPosition(at);
  const fields = { position, reason: messageOf(error), error };
  const isDown = error instanceof AppError && error.kind === 'unavailable';
  if (isDown) log.warn(fields, 'event store subscription is lost until the server is back');
  else log.error(fields, 'event store subscription cannot go on, and keeps trying');
}
