import {
  CloudEvent,
  decodeEvent,
  type EventType,
  EVENTS_STREAM,
  offerSubject,
  parseCloudEventType,
  reactors,
  toCloudEvent,
} from '@countersign/contracts';
import { messageOf, parseInput, type StoredEvent } from '@countersign/kernel';
import type { NatsConnection } from '@nats-io/nats-core';
import type { z } from 'zod';

import { type BusSigner, SIGNATURE_HEADER } from './bus-signer.js';
import type { MessagingLog } from './messaging-log.js';
import { request, respond } from './request-reply.js';
import { StreamConsumer } from './stream-consumer.js';

const OFFER_TIMEOUT_MS = 2_000;
const CONCURRENCY = 32;

/** What a reactor learns of an event of another service. */
export interface ObservedEvent<Data = unknown> {
  readonly eventId: string;
  readonly correlationId: string;
  readonly actor: string;
  readonly data: Data;
}

/** An event as its writer knows it, right after the append. */
type Recorded = Omit<StoredEvent, 'position'>;

/** The last position that a reaction appended at, when it appended anything. */
type Reaction<Data> = (event: ObservedEvent<Data>) => Promise<string | undefined>;

/**
 * Offers freshly appended events to the services that act on them and waits for what they did, so
 * that a reply can cover it. Best effort: whatever fails here is done by the durable consumer.
 */
export class EventOffers {
  constructor(
    private readonly bus: NatsConnection,
    private readonly signer: BusSigner,
    private readonly log: MessagingLog,
  ) {}

  /** Positions that reactors appended at. */
  async offer(events: readonly Recorded[]): Promise<string[]> {
    const offers = events.flatMap((event) =>
      (reactors[event.type] ?? []).map((service) => this.#offerTo(service, event)),
    );
    return (await Promise.all(offers)).filter((position) => position !== undefined);
  }

  async #offerTo(service: string, event: Recorded): Promise<string | undefined> {
    const subject = offerSubject(service, event.type);
    const payload = JSON.stringify(toCloudEvent(event));
    try {
      const reply = await request(this.bus, this.signer, subject, payload, OFFER_TIMEOUT_MS);
      const { position } = reply as { position?: string };
      return position;
    } catch (error) {
      this.log.debug({ subject, reason: messageOf(error) }, 'left to the durable consumer');
      return undefined;
    }
  }
}

/**
 * Acts on events of other services. Each event comes by two ways, offered directly and from
 * JetStream, and may come more than once by either: reactions must be idempotent, which commands
 * with ids derived from the event's id are.
 */
export class EventReactor {
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #consumers: StreamConsumer[] = [];

  constructor(
    private readonly bus: NatsConnection,
    private readonly signer: BusSigner,
    private readonly log: MessagingLog,
    private readonly service: string,
  ) {}

  /** Whether every durable consumer takes messages. */
  get ready(): boolean {
    return this.#consumers.every((consumer) => consumer.ready);
  }

  on<Data extends z.ZodObject>(
    type: EventType<string, Data>,
    react: Reaction<z.output<Data>>,
  ): void {
    const { bus, signer, log, service } = this;
    if (!reactors[type.type]?.includes(service)) {
      throw new TypeError(`${service} is not declared as a reactor to ${type.type}`);
    }
    const handle = (payload: unknown) => react(observe<z.output<Data>>(payload));

    const subject = offerSubject(service, type.type);
    this.#stops.push(
      respond(bus, signer, log, subject, service, async (payload) => ({
        position: await handle(JSON.parse(payload)),
      })),
    );

    const durable = `${service}--${type.type.replaceAll('.', '-')}`;
    const options = { stream: EVENTS_STREAM, durable, subject: `evt.${type.type}.>` };
    const consumer = new StreamConsumer(
      bus,
      log,
      { ...options, concurrency: CONCURRENCY },
      async (message) => {
        const payload = message.string();
        const signature = message.headers?.get(SIGNATURE_HEADER) ?? '';
        if (!signer.verify(message.subject, payload, signature)) {
          log.error({ durable, seq: message.seq }, 'an event that no service published: ignored');
          return;
        }
        await handle(JSON.parse(payload));
      },
    );
    consumer.start();
    this.#consumers.push(consumer);
  }

  async stop(): Promise<void> {
    await Promise.all([
      ...this.#stops.map((stop) => stop()),
      ...this.#consumers.map((consumer) => consumer.stop()),
    ]);
  }
}

function observe<Data>(payload: unknown): ObservedEvent<Data> {
  const event = parseInput(CloudEvent, payload, 'bus.invalid');
  const { type, schemaVersion } = parseCloudEventType(event.type);
  const stored = { stream: event.subject, revision: Number(event.sequence), type, schemaVersion };
  const { data } = decodeEvent({ ...stored, data: event.data });
  const { id, correlationid, actor } = event;
  return { eventId: id, correlationId: correlationid, actor, data: data as Data };
}
