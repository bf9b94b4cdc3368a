import { EVENTS_STREAM, eventSubject, toCloudEvent } from '@countersign/contracts';
import type { EventStore } from '@countersign/event-store';
import { messageOf, type StoredEvent } from '@countersign/kernel';
import {
  jetstream,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  type PubAck,
  type StoredMsg,
} from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import { setTimeout as sleep } from 'node:timers/promises';

import { type BusSigner, SIGNATURE_HEADER } from './bus-signer.js';
import type { MessagingLog } from './messaging-log.js';
import { ensureStreams } from './streams.js';
import { untilStopped } from './until-stopped.js';

/** Header with the event's position in the store: where a relay goes on from. */
export const POSITION_HEADER = 'Countersign-Position';

const PAGE = 256;
const PUBLISH_TIMEOUT_MS = 5_000;
const RETRY_MS = 300;
const CHECKPOINT_EVERY_MS = 500;
/** How often an idle relay looks whether the stream is still the one that it filled. */
const LOOK_EVERY_MS = 10_000;

/** Exclusive right to relay, held by one process at a time. */
export interface Leadership {
  /** Waits for the right; the answered signal fires when it is lost. */
  acquire(name: string, signal: AbortSignal): Promise<AbortSignal>;
  /** Whether the right is still held: asked before each batch. */
  holds(name: string): Promise<boolean>;
  release(name: string): Promise<void>;
}

/** How far a relay has come, and in which stream. */
export interface RelayCheckpoint {
  readonly position: string;
  /** When the JetStream stream was made: tells it from another one of the same name. */
  readonly streamCreated: string;
}

/** Remembers how far relays have come. */
export interface Checkpoints {
  load(name: string): Promise<RelayCheckpoint | undefined>;
  save(name: string, checkpoint: RelayCheckpoint): Promise<void>;
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
 * It goes on from the checkpoint, unless the stream holds less than that (it lost its tail): then from
 * the last event that the stream does hold. A stream that is not the one of the checkpoint was made
 * anew, and is filled from the first event on.
 */
export class EventRelay {
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #ready = false;
  #restart = new AbortController();
  #streamCreated = '';
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
        await this.#answered(jetstreamManager(this.bus).then(ensureStreams));
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
    let position = await this.#answered(this.#resumeFrom());
    let saved: string | undefined;
    const save = async () => {
      if (position === saved || position === undefined) return;
      const reached = position;
      await this.checkpoints.save(name, { position: reached, streamCreated: this.#streamCreated });
      saved = reached;
    };
    const saver = setInterval(() => {
      save().catch((error: unknown) =>
        this.log.warn({ relay: name, reason: messageOf(error) }, 'checkpoint not saved'),
      );
    }, CHECKPOINT_EVERY_MS);
    const looker = setInterval(() => void this.#lookForAnotherStream(), LOOK_EVERY_MS);
    try {
      const pages = this.store.subscribeAll(position, { categories }, { maxPage: PAGE, signal });
      for await (const page of pages) {
        const [first] = page.events;
        if (first) {
          // Looked up before asking who leads: should this process stand still after the answer, its
          // successor has moved the subject on, and the first publish is refused.
          const subject = eventSubject(first.type, first.stream);
          const fence = await this.#answered(this.#lastSequenceOf(subject));
          if (!(await this.leadership.holds(name))) throw new Error('another relay has taken over');
          if (signal.aborted) break;
          await this.#answered(this.#publish(client, page.events, fence));
        }
        position = page.position ?? position;
        // From the first event on it is known which stream they are in.
        if (saved === undefined) await save();
      }
    } finally {
      clearInterval(saver);
      clearInterval(looker);
    }
    await save();
  }

  /** What JetStream answers. One that is away does not keep the relay from stopping: the next one finds out what it has. */
  #answered<T>(answer: Promise<T>): Promise<T> {
    return untilStopped(answer, this.#stop.signal);
  }

  /** Starts over when the stream was deleted or made anew while there was nothing to publish. */
  async #lookForAnotherStream(): Promise<void> {
    try {
      const manager = await jetstreamManager(this.bus, { checkAPI: false });
      const { created, state } = await manager.streams.info(EVENTS_STREAM);
      if (created === this.#streamCreated && state.last_seq >= this.#lastSequence) return;
    } catch {
      // It is missing, or the server is away: starting over finds out.
    }
    this.#restart.abort();
  }

  /** @throws Error when anything of the page may not have arrived. */
  async #publish(
    client: JetStreamClient,
    events: readonly StoredEvent[],
    fence: number,
  ): Promise<void> {
    const [first, ...rest] = events;
    if (!first) return;
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
    const manager = await jetstreamManager(this.bus);
    await ensureStreams(manager);
    const { created, state } = await manager.streams.info(EVENTS_STREAM);
    this.#streamCreated = created;
    this.#lastSequence = state.last_seq;
    this.#sequences = new Map();
    const checkpoint = await this.checkpoints.load(this.options.name);
    // Whatever a stream made anew holds of ours got there before anybody noticed.
    if (checkpoint && checkpoint.streamCreated !== created) return undefined;
    return this.#lastPublished(manager, checkpoint?.position);
  }

  /**
   * Position of the last event of our categories that the stream holds, at most the checkpoint's.
   * Beyond that there may be gaps: of events sent together, one may have been refused.
   */
  async #lastPublished(
    manager: JetStreamManager,
    checkpoint: string | undefined,
  ): Promise<string | undefined> {
    let last: string | undefined;
    for (const category of this.options.categories) {
      const message = await manager.streams.getMessage(EVENTS_STREAM, {
        last_by_subj: `evt.${category}.>`,
      });
      if (!message) continue;
      const position = this.#positionOf(message);
      // Somebody else's message says nothing about ours, and hides what would.
      if (position === undefined) return checkpoint;
      if (last === undefined || this.store.comparePositions(position, last) > 0) last = position;
    }
    if (checkpoint === undefined || last === undefined) return last;
    return this.store.comparePositions(checkpoint, last) < 0 ? checkpoint : last;
  }

  /** Where a message's event stands in the store; undefined for one that no relay published. */
  #positionOf({ subject, header, data }: StoredMsg): string | undefined {
    if (!this.signer.verify(subject, data, header.get(SIGNATURE_HEADER))) return undefined;
    const position = header.get(POSITION_HEADER);
    try {
      this.store.comparePositions(position, position);
      return position;
    } catch {
      return undefined;
    }
  }
}
