import { AppError, CorruptDataError, invalid, messageOf, unavailable } from '@countersign/kernel';

import { formatPosition, type LogPosition } from './log-position.js';

/** What the client library's errors carry; their messages are often empty. */
interface Failure {
  readonly type?: unknown;
  /** Of gRPC. */
  readonly code?: unknown;
}

/** What was asked for. */
export interface Place {
  readonly stream?: string | undefined;
  readonly position?: LogPosition | undefined;
}

const TOO_LARGE = new Set([
  'maximum-append-size-exceeded',
  'transaction-max-size-exceeded',
  'append-record-size-exceeded',
]);
const DELETED = new Set(['stream-deleted', 'stream-tombstoned']);
const INVALID_ARGUMENT = 3;
/** After these the library connects anew by itself. */
const RECONNECTS = new Set(['unavailable', 'cancelled', 'not-leader']);

/**
 * What a failure of the client library means to callers. All that comes from the server or the
 * network and has no better name is `unavailable`: a server that goes down answers in many ways.
 */
export function toFailure(error: unknown, { stream = '$all', position }: Place = {}): unknown {
  if (error instanceof AppError || isFault(error)) return error;
  const type = typeOf(error);
  if (TOO_LARGE.has(type)) {
    return invalid('event-store.append-too-large', 'the events of one append are too large', {
      details: { stream },
      cause: error,
    });
  }
  if (DELETED.has(type)) {
    return new CorruptDataError(stream, 'the stream was deleted', { cause: error });
  }
  if (position !== undefined && (error as Failure).code === INVALID_ARGUMENT) {
    return invalid('event-store.invalid-position', 'not a position of this event store', {
      details: { position: formatPosition(position) },
      cause: error,
    });
  }
  const reason = [type, messageOf(error)].filter((part) => part !== '').join(': ');
  return unavailable('event-store.unavailable', `the event store does not answer: ${reason}`, {
    cause: error,
  });
}

/** Whether only a new connection can be expected to end this. */
export function isStuck(error: unknown): boolean {
  if (isFault(error)) return false;
  if (error instanceof AppError) return error.kind === 'unavailable';
  const type = typeOf(error);
  return !RECONNECTS.has(type) && !TOO_LARGE.has(type) && !DELETED.has(type);
}

function typeOf(error: unknown): string {
  const type = error instanceof Error ? (error as Failure).type : undefined;
  return typeof type === 'string' ? type : '';
}

/** Mistakes of ours must not look like a server that is gone. */
function isFault(error: unknown): boolean {
  return (
    !(error instanceof Error) ||
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof CorruptDataError
  );
}
