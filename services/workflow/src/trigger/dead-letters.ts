import {
  DEAD_LETTERS_STREAM,
  deadLetterSubject,
  type IncidentEvent,
  TRADES_STREAM,
} from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import {
  type Aggregate,
  type AppError,
  Clock,
  derivedId,
  hashOf,
  streamName,
  systemActor,
} from '@countersign/kernel';
import { AggregateStore, PLATFORM, type Platform } from '@countersign/service-kit';
import { jetstream, type JsMsg } from '@nats-io/jetstream';
import { headers } from '@nats-io/nats-core';
import { Inject, Injectable } from '@nestjs/common';

/** What the headers of a dead letter may take: a message may be as large as the server allows already. */
const HEADER_ROOM = 4_096;

const incidentAggregate: Aggregate<boolean, IncidentEvent> = {
  category: 'incident',
  initialState: false,
  evolve: () => true,
};

/** Puts aside what cannot be used, whole, and raises an incident for it: nothing is lost or blocked. */
@Injectable()
export class DeadLetters {
  readonly #incidents: AggregateStore<boolean, IncidentEvent>;

  constructor(
    @Inject(EventStore) store: EventStore,
    @Inject(Clock) clock: Clock,
    @Inject(PLATFORM) private readonly platform: Platform,
  ) {
    this.#incidents = new AggregateStore(store, clock, incidentAggregate, 1_000);
  }

  /** Safe to repeat for the same message and trigger. */
  async putAside(
    message: JsMsg,
    messageId: string,
    reason: AppError,
    trigger?: string,
  ): Promise<void> {
    const key = trigger === undefined ? messageId : `${messageId} ${trigger}`;
    const why = `${reason.code}: ${reason.message}`
      .replaceAll(/[^\x20-\x7e]/g, '?')
      .slice(0, 1_000);
    const head = headers();
    head.set('Countersign-Reason', why);
    head.set('Countersign-Source', messageId);
    const { bus } = this.platform;
    const room = (bus.info?.max_payload ?? 0) - HEADER_ROOM;
    const whole = message.data.byteLength <= room;
    if (!whole)
      head.set('Countersign-Left-Out', `${message.data.byteLength} bytes: see the source`);
    const letter = await jetstream(bus).publish(
      deadLetterSubject(message.subject),
      whole ? message.data : '',
      { headers: head, msgID: key, expect: { streamName: DEAD_LETTERS_STREAM } },
    );
    const incidentId = derivedId('dead letter', key);
    const commandId = derivedId('raise', incidentId);
    const raised: IncidentEvent = {
      type: 'incident.raised',
      data: {
        incidentId,
        kind: 'dead-letter',
        code: reason.code,
        message: reason.message.slice(0, 1_000).toWellFormed().replaceAll('\u0000', '?'),
        source: {
          subject: message.subject,
          stream: TRADES_STREAM,
          sequence: message.seq,
          receivedAt: new Date(message.info.timestampNanos / 1e6).toISOString(),
          bytes: message.data.byteLength,
        },
        deadLetter: { stream: DEAD_LETTERS_STREAM, sequence: letter.seq },
        ...(trigger === undefined ? {} : { trigger }),
      },
    };
    await this.#incidents.execute(
      streamName(incidentAggregate.category, incidentId),
      {
        commandId,
        commandHash: hashOf(key),
        correlationId: commandId,
        causationId: commandId,
        actor: systemActor('trigger'),
      },
      (known) => (known ? [] : [raised]),
    );
  }
}
