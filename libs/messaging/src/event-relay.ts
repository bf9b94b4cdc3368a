import { EVENTS_STREAM, eventSubject, toCloudEvent } from '@countersign/contracts';
import type { EventStore } from '@countersign/event-store';
import { messageOf, type StoredEvent } from '@countersign/kernel';
import { jetstream, type JetStreamClient, jetstreamManager, type PubAck } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import { setTimeout as sleep } from 'node:timers/promises';

import { type BusSigner, SIGNATURE_HEADER } from './bus-signer.js';
import type { MessagingLog } from './messaging-log.js';
import { ensureStreams } from './streams.js';

/** Header with the event's position in the store: where a relay goes on from. */
export const POSITION_HEADER = 'Countersign-Position';

const PAGE = 256;
const PUBLISH_TIMEOUT_MS = 5_000;
const RETRY_MS = 300;
const CHECKPOINT_EVERY_MS = 500;

/** Exclusive right to relay, held by one process at a time. */
export interface Leadership {
  /** Waits for the right; the answered signal fires when it is lost. */
  acquire(name: string, signal: AbortSignal): Promise<AbortSignal>;
  /** Whether the right is still held: asked before each batch. */
  holds(name: string): Promise<boolean>;
  release(name: string): Promise<void>;
}

/** Remembers how far a reader of the feed has come. */
export interface Checkpoints {
  load(name: string): Promise<string | undefined>;
  save(name: string, position: string): Promise<void>;
}

export interface EventRelayOptions {
  /** Name of the leadership and of the checkpoint. */
  readonly name: string;
  /** Stream categories to relay. */
  readonly categories: readonly string[];
}

/**
 * Publishes a service's events, from the store's ordered feed, to JetStream. Nothing is published by
 * the code that appends, so an event cannot be published and not stored, or stored and not published.
 *
 * Publishes are pipelined; at the first failure the relay stops and starts over from what JetStream is
 * known to have. Event ids are message ids, so JetStream drops what it got twice within its window.
 * It goes on from the checkpoint, unless the stream holds less than that (it was wiped, or lost its
 * tail): then from the last event that the stream does hold, so a wiped stream is filled again.
 */
export class EventRelay {
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #ready = false;
  #restart = new AbortController();
  #lastSequence = 0;
  /** Last sequence of each subject, as acknowledged to this leader. */
  #sequences = new Map<string, number>();

  constructor(
    private readonly store: EventStore,
    private readonly bus: NatsConnection,
    private readonly signer: BusSigner,
    private readonly leadership: Leadership,
    private readonly checkpoints: Checkpoints,
    private readonly log: MessagingLog,
    private readonly options: EventRelayOptions,
  ) {}

  /** Whether this process relays, or waits as a spare for the one that does. */
  get ready(): boolean {
    return this.#ready;
  }

  start(): void {
    this.#running = this.#run();
    void this.#restartOnReconnect();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#restart.abort();
    await this.#running;
  }

  /** A server that was away may have come back with an older or an empty stream. */
  async #restartOnReconnect(): Promise<void> {
    for await (const status of this.bus.status()) {
      if (status.type === 'reconnect') this.#restart.abort();
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const stopped = () => signal.aborted;
    const { name } = this.options;
    while (!stopped()) {
      try {
        await ensureStreams(await jetstreamManager(this.bus));
        this.#ready = true;
        const lost = await this.leadership.acquire(name, signal);
        while (!stopped() && !lost.aborted) {
          this.#restart = new AbortController();
          await this.#relay(AbortSignal.any([signal, lost, this.#restart.signal]));
        }
      } catch (error) {
        if (stopped()) break;
        this.log.warn({ relay: name, reason: messageOf(error) }, 'relay starts over');
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    await this.leadership.release(name);
  }

  async #relay(signal: AbortSignal): Promise<void> {
    const { name, categories } = this.options;
    const client = jetstream(this.bus, { timeout: PUBLISH_TIMEOUT_MS });
    await ensureStreams(await jetstreamManager(this.bus));
    let position = await this.#resumeFrom();
    let saved = Date.now();
    const save = async () => {
      saved = Date.now();
      if (position !== undefined) await this.checkpoints.save(name, position);
    };
    const pages = this.store.subscribeAll(position, { categories }, { maxPage: PAGE, signal });
    for await (const page of pages) {
      if (page.events.length > 0) {
        if (!(await this.leadership.holds(name))) throw new Error('another relay has taken over');
        await this.#publish(client, page.events);
      }
      position = page.position ?? position;
      if (Date.now() - saved >= CHECKPOINT_EVERY_MS) await save();
    }
    await save();
  }

  /** @throws Error when anything of the page may not have arrived. */
  async #publish(client: JetStreamClient, events: readonly StoredEvent[]): Promise<void> {
    const [first, ...rest] = events;
    if (!first) return;
    // A leader that was frozen and wakes up with an old page fails here, as its successor has
    // published this event or others of its subject since.
    const fence = await this.#lastSequenceOf(eventSubject(first.type, first.stream));
    const head = await Promise.allSettled([this.#publishOne(client, first, fence)]);
    const tail =
      head[0].status === 'rejected'
        ? []
        : await Promise.allSettled(rest.map((event) => this.#publishOne(client, event)));
    for (const [index, result] of [...head, ...tail].entries()) {
      if (result.status === 'rejected') throw result.reason;
      // Sequences only grow, unless the stream is not the one it was.
      if (!result.value.duplicate && result.value.seq <= this.#lastSequence) {
        this.#lastSequence = result.value.seq;
        throw new Error(`JetStream stream ${EVENTS_STREAM} was made anew`);
      }
      this.#lastSequence = Math.max(this.#lastSequence, result.value.seq);
      const event = events[index];
      if (event) this.#sequences.set(eventSubject(event.type, event.stream), result.value.seq);
    }
  }

  /** Sequence of the last message with a subject, 0 when there is none, as far as this leader knows. */
  async #lastSequenceOf(subject: string): Promise<number> {
    const known = this.#sequences.get(subject);
    if (known !== undefined) return known;
    const manager = await jetstreamManager(this.bus, { checkAPI: false });
    const last = await manager.streams.getMessage(EVENTS_STREAM, { last_by_subj: subject });
    return last?.seq ?? 0;
  }

  #publishOne(client: JetStreamClient, event: StoredEvent, fence?: number): Promise<PubAck> {
    const subject = eventSubject(event.type, event.stream);
    const payload = JSON.stringify(toCloudEvent(event));
    const head = headers();
    head.set('Content-Type', 'application/cloudevents+json');
    head.set(POSITION_HEADER, event.position);
    head.set(SIGNATURE_HEADER, this.signer.sign(subject, payload));
    return client.publish(subject, payload, {
      msgID: event.eventId,
      headers: head,
      expect: {
        streamName: EVENTS_STREAM,
        ...(fence === undefined ? {} : { lastSubjectSequence: fence }),
      },
    });
  }

  async #resumeFrom(): Promise<string | undefined> {
    const checkpoint = await this.checkpoints.load(this.options.name);
    const published = await this.#lastPublished();
    if (checkpoint === undefined || published === undefined) return published;
    return this.store.comparePositions(checkpoint, published) < 0 ? checkpoint : published;
  }

  /** Position of the last event of our categories that the stream holds. */
  async #lastPublished(): Promise<string | undefined> {
    const manager = await jetstreamManager(this.bus);
    const info = await manager.streams.info(EVENTS_STREAM);
    this.#lastSequence = info.state.last_seq;
    this.#sequences = new Map();
    let last: string | undefined;
    for (const category of this.options.categories) {
      const message = await manager.streams.getMessage(EVENTS_STREAM, {
        last_by_subj: `evt.${category}.>`,
      });
      const position = message?.header.get(POSITION_HEADER);
      if (!position) continue;
      if (last === undefined || this.store.comparePositions(position, last) > 0) last = position;
    }
    return last;
  }
}
