import { type CloudEvent, eventSubject, EVENTS_STREAM, toCloudEvent } from '@countersign/contracts';
import { connectBus, ensureStreams, EventFeeds } from '@countersign/messaging';
import { TestNats } from '@countersign/testing';
import { jetstream, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';

const HASH = 'a'.repeat(64);
const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

/** A real NATS server, and what of the product a subscriber meets there. */
export class EventsServer {
  readonly #feeds: EventFeeds;

  private constructor(
    readonly nats: TestNats,
    private readonly bus: NatsConnection,
    readonly manager: JetStreamManager,
  ) {
    this.#feeds = new EventFeeds(bus, silent);
  }

  static async start(): Promise<EventsServer> {
    const nats = await TestNats.start();
    const bus = await connectBus(nats.url, 'test');
    const server = new EventsServer(nats, bus, await jetstreamManager(bus));
    await ensureStreams(server.manager);
    server.#feeds.start();
    await bus.flush();
    return server;
  }

  async stop(): Promise<void> {
    this.#feeds.stop();
    await this.bus.close();
    await this.nats.stop();
  }

  get address(): string {
    return `127.0.0.1:${this.nats.port}`;
  }

  /** What the durable consumer knows. */
  state(durable: string) {
    return this.manager.consumers.info(EVENTS_STREAM, durable);
  }

  async granted(overrides: Partial<CloudEvent> = {}): Promise<CloudEvent> {
    return this.publish('approval.granted', { approvers: ['erin'], level: 'SINGLE' }, overrides);
  }

  rejected(): Promise<CloudEvent> {
    return this.publish('approval.rejected', { reason: 'too much' });
  }

  async publish(
    type: string,
    data: Record<string, unknown>,
    overrides: Partial<CloudEvent> = {},
  ): Promise<CloudEvent> {
    const approvalId = randomUUID();
    const id = randomUUID();
    const event = {
      ...toCloudEvent({
        stream: `approval-${approvalId}`,
        revision: 2,
        eventId: id,
        type,
        schemaVersion: 1,
        data: { approvalId, subjectHash: HASH, ...data },
        metadata: {
          correlationId: id,
          causationId: id,
          commandId: id,
          commandHash: HASH,
          actor: 'erin',
          roles: '',
          authMethod: 'test',
          recordedAt: new Date().toISOString(),
          prevHash: HASH,
          hash: HASH,
        },
      }),
      ...overrides,
    };
    const subject = eventSubject(type, event.subject);
    await jetstream(this.bus).publish(subject, JSON.stringify(event), { msgID: id });
    return event;
  }
}
