import {
  DurableName,
  EVENTS_STREAM,
  feedFilter,
  type FeedOpened,
  OpenFeed,
  openFeedSubject,
} from '@countersign/contracts';
import { AppError, messageOf, parseInput } from '@countersign/kernel';
import {
  AckPolicy,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type Msg, nanos, type NatsConnection } from '@nats-io/nats-core';

import type { MessagingLog } from './messaging-log.js';
import { ensureStreams } from './streams.js';

/** One of those that listen answers. */
const QUEUE = 'feeds';
const ACK_WAIT_MS = 30_000;
/** Events that a subscriber holds unacknowledged at most: the bound of its memory. */
const MAX_IN_HAND = 64;

/**
 * Makes the durable consumers of subscribers. They may not themselves: whoever makes a consumer names the
 * subject that it delivers to, and JetStream would publish there with all rights of the services. Whose
 * durable consumer it is, is the business of NATS accounts: a subscriber reaches only its own subjects.
 */
export class EventFeeds {
  #stop: (() => void) | undefined;

  constructor(
    private readonly bus: NatsConnection,
    private readonly log: MessagingLog,
  ) {}

  start(): void {
    const subscription = this.bus.subscribe(openFeedSubject('*'), {
      queue: QUEUE,
      callback: (error, message) => {
        if (error === null) void this.#answer(message);
      },
    });
    this.#stop = () => {
      subscription.unsubscribe();
    };
  }

  stop(): void {
    this.#stop?.();
  }

  async #answer(message: Msg): Promise<void> {
    message.respond(JSON.stringify(await this.#open(message)));
  }

  async #open(message: Msg): Promise<FeedOpened> {
    const named = message.subject.split('.').at(-1);
    try {
      const durable = parseInput(DurableName, named, 'feed.invalid');
      const { events } = parseInput(OpenFeed, jsonIn(message), 'feed.invalid');
      const { config } = await this.#ensure(durable, feedFilter(events));
      return { durable, filter: config.filter_subject ?? '' };
    } catch (error) {
      const reason = messageOf(error);
      if (error instanceof AppError && error.kind === 'invalid') {
        return { code: 'feed.invalid', message: reason };
      }
      this.log.warn({ durable: named, reason }, 'durable consumer not made');
      return { code: 'feed.unavailable', message: 'JetStream does not make it now' };
    }
  }

  async #ensure(durable: string, filter: string): Promise<ConsumerInfo> {
    const { consumers } = await this.#manager();
    const known = await consumers.info(EVENTS_STREAM, durable).catch(missing);
    if (known?.config.filter_subject === filter) return known;
    // What else an operator has set stays.
    if (known) return consumers.update(EVENTS_STREAM, durable, { filter_subject: filter });
    this.log.info({ durable, filter }, 'durable consumer made');
    return consumers.add(EVENTS_STREAM, {
      durable_name: durable,
      filter_subject: filter,
      ack_policy: AckPolicy.Explicit,
      // A stream that was made anew is filled from the first event on: only so is nothing missed.
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(ACK_WAIT_MS),
      max_ack_pending: MAX_IN_HAND,
      max_deliver: -1,
    });
  }

  async #manager() {
    const manager = await jetstreamManager(this.bus);
    await ensureStreams(manager);
    return manager;
  }
}

function missing(error: unknown): undefined {
  if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound) {
    return undefined;
  }
  throw error;
}

function jsonIn(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}
