import { TRADES_STREAM } from '@countersign/contracts';
import type { JsMsg } from '@nats-io/jetstream';

/** A message of the trades stream, whether it was delivered or read again. */
export interface StreamMessage {
  /** `TRADES:<sequence>:<nanoseconds>`. */
  readonly messageId: string;
  readonly subject: string;
  readonly sequence: number;
  /** When the bus took it in, in milliseconds since the epoch. */
  readonly ms: number;
  readonly data: Uint8Array;
  /** It was delivered before, and may have had its effect. */
  readonly again?: boolean;
}

/** A message as it is delivered. */
export function delivered({ subject, seq, info, data, redelivered }: JsMsg): StreamMessage {
  const message = streamMessage(subject, seq, info.timestampNanos, data);
  return redelivered ? { ...message, again: true } : message;
}

/** Sequences start over when a stream is made anew; with the time they do not repeat. */
export function streamMessage(
  subject: string,
  sequence: number,
  nanoseconds: number,
  data: Uint8Array,
): StreamMessage {
  const messageId = `${TRADES_STREAM}:${sequence}:${nanoseconds}`;
  return { messageId, subject, sequence, ms: Math.floor(nanoseconds / 1e6), data };
}

/** The parts of a message id. */
export function partsOf(messageId: string): { sequence: number; nanoseconds: number } | undefined {
  const match = /^TRADES:(\d+):(\d+)$/.exec(messageId);
  return match ? { sequence: Number(match[1]), nanoseconds: Number(match[2]) } : undefined;
}
