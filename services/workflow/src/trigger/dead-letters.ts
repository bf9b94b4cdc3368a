import { DEAD_LETTERS_STREAM, deadLetterSubject, TRADES_STREAM } from '@countersign/contracts';
import { type AppError, derivedId } from '@countersign/kernel';
import { PLATFORM, type Platform } from '@countersign/service-kit';
import { jetstream } from '@nats-io/jetstream';
import { headers } from '@nats-io/nats-core';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

import { Incidents } from './incidents.js';
import type { StreamMessage } from './stream-message.js';

/** What the headers of a dead letter may take: a message may be as large as the server allows already. */
const HEADER_ROOM = 4_096;

/** Header of a dead letter that names the message. */
export const SOURCE_HEADER = 'Countersign-Source';

/** A trigger that could not use a message, and what it had made of it. */
export interface FailedTrigger {
  readonly name: string;
  readonly crossed?: { readonly group: string; readonly aggregate: string };
}

/** Puts aside what cannot be used, whole, and raises an incident for it: nothing is lost or blocked. */
@Injectable()
export class DeadLetters {
  /** Subjects that an open incident says nobody listens to. */
  readonly #unheard = new LRUCache<string, true>({ max: 1_000, ttl: 60_000 });

  constructor(
    @Inject(PLATFORM) private readonly platform: Platform,
    @Inject(Incidents) private readonly incidents: Incidents,
  ) {}

  /** Safe to repeat for the same message and trigger. */
  async putAside(message: StreamMessage, reason: AppError, trigger?: FailedTrigger): Promise<void> {
    const { messageId } = message;
    const key = trigger === undefined ? messageId : `${messageId} ${trigger.name}`;
    const sequence = await this.#publish(message, key, reason);
    const { code, message: text } = reason;
    await this.incidents.raise(
      {
        incidentId: derivedId('dead letter', key),
        kind: 'dead-letter',
        code,
        message: text,
        source: sourceOf(message),
        deadLetter: { stream: DEAD_LETTERS_STREAM, sequence },
        messageId,
        ...(trigger === undefined ? {} : { trigger: trigger.name }),
        ...(trigger?.crossed === undefined ? {} : { crossed: trigger.crossed }),
      },
      key,
    );
  }

  /**
   * Records that no trigger listens to a subject: one incident for it, which names the first message. The
   * messages stay where they are, in the trades stream.
   */
  async unheard(message: StreamMessage): Promise<void> {
    const { subject, messageId } = message;
    if (this.#unheard.has(subject)) return;
    await this.incidents.raise(
      {
        incidentId: derivedId('none listens', subject),
        kind: 'trigger',
        code: 'trigger.none-listens',
        message: `no trigger listens to ${subject}`,
        source: sourceOf(message),
        messageId,
      },
      messageId,
    );
    this.#unheard.set(subject, true);
  }

  async #publish(message: StreamMessage, key: string, reason: AppError): Promise<number> {
    const { messageId, subject, data } = message;
    const why = `${reason.code}: ${reason.message}`
      .replaceAll(/[^\x20-\x7e]/g, '?')
      .slice(0, 1_000);
    const head = headers();
    head.set('Countersign-Reason', why);
    head.set(SOURCE_HEADER, messageId);
    const { bus } = this.platform;
    const room = (bus.info?.max_payload ?? 0) - HEADER_ROOM;
    const whole = data.byteLength <= room;
    if (!whole) head.set('Countersign-Left-Out', `${data.byteLength} bytes: see the source`);
    const options = { headers: head, msgID: key, expect: { streamName: DEAD_LETTERS_STREAM } };
    const content = whole ? data : '';
    const letter = await jetstream(bus).publish(deadLetterSubject(subject), content, options);
    return letter.seq;
  }
}

function sourceOf({ subject, sequence, ms, data }: StreamMessage) {
  return {
    subject,
    stream: TRADES_STREAM,
    sequence,
    receivedAt: new Date(ms).toISOString(),
    bytes: data.byteLength,
  };
}
