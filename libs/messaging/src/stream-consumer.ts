import { AppError, messageOf } from '@countersign/kernel';
import {
  AckPolicy,
  type ConsumerMessages,
  DeliverPolicy,
  jetstream,
  type JetStreamManager,
  jetstreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/nats-core';
import { setTimeout as sleep } from 'node:timers/promises';

import type { MessagingLog } from './messaging-log.js';
import { ensureStreams } from './streams.js';
import { untilStopped } from './until-stopped.js';

const ACK_WAIT_MS = 10_000;
const RETRY_MIN_MS = 200;
const RETRY_MAX_MS = 15_000;

export interface StreamConsumerOptions {
  readonly stream: string;
  /** Name of the durable consumer: its place in the stream outlives this process. */
  readonly durable: string;
  /** One subject filter; the supported servers know no lists. */
  readonly subject: string;
  /** Messages being handled at the same time. */
  readonly concurrency: number;
}

/**
 * Handles a JetStream stream's messages through a durable pull consumer. A message is acknowledged
 * after its handler returned; one whose handler throws comes again, later each time, for ever: whoever
 * knows a message to be useless must put it elsewhere and return. Survives the loss of the server, of
 * the consumer and of the stream, which are made anew.
 */
export class StreamConsumer {
  readonly #stop = new AbortController();
  #messages: ConsumerMessages | undefined;
  #running: Promise<void> | undefined;
  #ready = false;

  constructor(
    private readonly bus: NatsConnection,
    private readonly log: MessagingLog,
    private readonly options: StreamConsumerOptions,
    private readonly handle: (message: JsMsg) => Promise<void>,
  ) {}

  /** Whether messages are being taken right now. */
  get ready(): boolean {
    return this.#ready;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#messages?.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const stopped = () => signal.aborted;
    while (!stopped()) {
      try {
        await this.#consume();
      } catch (error) {
        if (!stopped()) {
          this.log.warn(
            { durable: this.options.durable, error: messageOf(error) },
            'consumer lost',
          );
        }
      }
      this.#ready = false;
      if (!stopped()) await sleep(RETRY_MIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #consume(): Promise<void> {
    const { concurrency } = this.options;
    const messages = await untilStopped(this.#open(), this.#stop.signal);
    this.#ready = true;
    const inHand = new Set<Promise<void>>();
    for await (const message of messages) {
      const work = this.#deliver(message).finally(() => inHand.delete(work));
      inHand.add(work);
      if (inHand.size >= concurrency) await Promise.race(inHand);
    }
    await Promise.allSettled(inHand);
  }

  async #open(): Promise<ConsumerMessages> {
    const { stream, durable, concurrency } = this.options;
    const manager = await jetstreamManager(this.bus);
    await ensureStreams(manager);
    await this.#ensureConsumer(manager);
    const consumer = await jetstream(this.bus).consumers.get(stream, durable);
    const messages = await consumer.consume({
      max_messages: concurrency * 2,
      abort_on_missing_resource: true,
      idle_heartbeat: 2_000,
    });
    this.#messages = messages;
    if (this.#stop.signal.aborted) messages.stop();
    return messages;
  }

  async #deliver(message: JsMsg): Promise<void> {
    const alive = setInterval(() => message.working(), ACK_WAIT_MS / 2);
    try {
      await this.handle(message);
      message.ack();
    } catch (error) {
      const tries = message.info.deliveryCount;
      const wait = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(tries - 1, 10));
      const { durable } = this.options;
      const fields = { durable, subject: message.subject, seq: message.seq, tries };
      const what = error instanceof AppError ? { code: error.code } : { error };
      this.log.warn({ ...fields, ...what, wait, reason: messageOf(error) }, 'will try again');
      message.nak(wait);
    } finally {
      clearInterval(alive);
    }
  }

  async #ensureConsumer(manager: JetStreamManager): Promise<void> {
    const { stream, durable, subject, concurrency } = this.options;
    await manager.consumers.add(stream, {
      durable_name: durable,
      filter_subject: subject,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(ACK_WAIT_MS),
      max_ack_pending: concurrency * 4,
      max_deliver: -1,
    });
  }
}
