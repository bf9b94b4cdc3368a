import { DEAD_LETTERS_STREAM, TRADES_STREAM } from '@countersign/contracts';
import { PLATFORM, type Platform } from '@countersign/service-kit';
import { type JetStreamManager, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import { Inject, Injectable } from '@nestjs/common';

import { SOURCE_HEADER } from './dead-letters.js';
import { partsOf, streamMessage, type StreamMessage } from './stream-message.js';

/** Messages looked at, at most, when the last ones on a subject are asked for. */
const MAX_LOOKED_AT = 1_000;
const AT_ONCE = 50;

/** Messages read again from the streams. */
@Injectable()
export class StoredMessages {
  constructor(@Inject(PLATFORM) private readonly platform: Platform) {}

  /** The message of a dead letter, under its first id; undefined when it is gone, or was too large to be kept. */
  async deadLetter(sequence: number, subject: string): Promise<StreamMessage | undefined> {
    const manager = await jetstreamManager(this.platform.bus);
    const letter = await readMessage(manager, DEAD_LETTERS_STREAM, sequence);
    const messageId = letter?.header.get(SOURCE_HEADER) ?? '';
    const parts = partsOf(messageId);
    if (!letter || !parts) return undefined;
    if (!letter.header.has('Countersign-Left-Out')) {
      return streamMessage(subject, parts.sequence, parts.nanoseconds, letter.data);
    }
    return this.#trade(manager, parts.sequence, messageId);
  }

  /** A message of the trades stream. */
  async trade(messageId: string): Promise<StreamMessage | undefined> {
    const parts = partsOf(messageId);
    if (!parts) return undefined;
    const manager = await jetstreamManager(this.platform.bus);
    return this.#trade(manager, parts.sequence, messageId);
  }

  /** The last messages that a trigger listens to, oldest first, among the last thousand of all. */
  async last(count: number, listensTo: (subject: string) => boolean): Promise<StreamMessage[]> {
    const manager = await jetstreamManager(this.platform.bus);
    const { state } = await manager.streams.info(TRADES_STREAM);
    const found: StreamMessage[] = [];
    const end = Math.max(state.first_seq, state.last_seq - MAX_LOOKED_AT + 1);
    for (let next = state.last_seq; next >= end && found.length < count; next -= AT_ONCE) {
      const sequences = Array.from({ length: AT_ONCE }, (_, index) => next - index);
      const read = await Promise.all(
        sequences
          .filter((sequence) => sequence >= end)
          .map((sequence) => readMessage(manager, TRADES_STREAM, sequence)),
      );
      for (const message of read) {
        if (message && listensTo(message.subject)) found.push(asStreamMessage(message));
      }
    }
    return found.slice(0, count).reverse();
  }

  /** Undefined unless the very same message is there: sequences start over when the stream is made anew. */
  async #trade(
    manager: JetStreamManager,
    sequence: number,
    messageId: string,
  ): Promise<StreamMessage | undefined> {
    const stored = await readMessage(manager, TRADES_STREAM, sequence);
    const message = stored && asStreamMessage(stored);
    return message?.messageId === messageId ? message : undefined;
  }
}

async function readMessage(
  manager: JetStreamManager,
  stream: string,
  sequence: number,
): Promise<StoredMsg | undefined> {
  if (sequence < 1) return undefined;
  return (await manager.streams.getMessage(stream, { seq: sequence })) ?? undefined;
}

function asStreamMessage({ subject, seq, timestamp, data }: StoredMsg): StreamMessage {
  return streamMessage(subject, seq, nanosecondsOf(timestamp), data);
}

/** From RFC 3339 with up to nine decimals, rounded as the bus client rounds the same when it delivers. */
function nanosecondsOf(timestamp: string): number {
  const [whole = '', fraction = ''] = timestamp.replace('Z', '').split('.');
  const seconds = Date.parse(`${whole}Z`) / 1_000;
  return Number(`${seconds}${fraction.padEnd(9, '0')}`);
}
