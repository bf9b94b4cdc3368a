import { setTimeout as sleep } from 'node:timers/promises';

import { EVENTS_STREAM, FEED_PREFIX, FeedOpened, openFeedSubject } from '@countersign/contracts';
import { type ConsumerMessages, jetstream, type JsMsg } from '@nats-io/jetstream';
import { type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import pRetry from 'p-retry';

import { CountersignError } from './problem.js';
import { type EventName, parsePublished, type PublishedEvent } from './published-event.js';
import type { Failure, SubscribeOptions } from './subscribe-options.js';

/** Well below the time after which the server delivers again what is not acknowledged. */
const ALIVE_EVERY_MS = 10_000;
const OPEN_RETRIES = 5;
const REOPEN_MS = 500;
const DELAY_MIN_MS = 500;
const DELAY_MAX_MS = 60_000;
const MAX_ATTEMPTS = 10;
/** The server hands out no more than this unacknowledged. */
const IN_HAND = 64;

/** Events on their way to a handler, until it is stopped. */
export class Subscription<Name extends EventName = EventName> {
  readonly #names: ReadonlySet<string>;
  readonly #inHand = new Set<JsMsg>();
  readonly #stop = new AbortController();
  /** One after the other each; a partition is always in the same one. */
  readonly #lanes: Promise<void>[];
  #messages: ConsumerMessages | undefined;
  #running: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #alive: NodeJS.Timeout | undefined;

  /** @internal Made by `subscribe`. */
  constructor(
    private readonly connection: NatsConnection,
    private readonly options: SubscribeOptions<Name>,
  ) {
    this.#names = new Set(options.events);
    this.#lanes = Array.from({ length: options.concurrency ?? 1 }, () => Promise.resolve());
  }

  /** @internal */
  async start(): Promise<void> {
    const messages = await this.#open(OPEN_RETRIES);
    this.#alive = setInterval(() => {
      for (const message of this.#inHand) message.working();
    }, ALIVE_EVERY_MS);
    this.#running = this.#run(messages);
  }

  /**
   * Takes no more events, waits for the handlers that run, gives back what they have not begun with, and closes
   * the connection. What is given back comes again at once, from some older servers only after half a minute.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    this.#stop.abort();
    this.#messages?.stop();
    await this.#running;
    await Promise.all(this.#lanes);
    clearInterval(this.#alive);
    await this.connection.drain();
  }

  async #run(first: ConsumerMessages): Promise<void> {
    const { signal } = this.#stop;
    for (let messages: ConsumerMessages | undefined = first; !signal.aborted;) {
      try {
        messages ??= await this.#open(0);
        for await (const message of messages) this.#take(message);
      } catch (error) {
        this.options.log?.(`${this.options.durable}: ${String(error)}`);
      }
      messages = undefined;
      await sleep(REOPEN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The durable consumer, made if it is not there, also because the server has lost it. */
  async #open(retries: number): Promise<ConsumerMessages> {
    const { durable, events } = this.options;
    await pRetry(() => this.#ask(durable, JSON.stringify({ events })), {
      retries,
      minTimeout: 250,
      signal: this.#stop.signal,
      shouldRetry: ({ error }) => error instanceof CountersignError && error.worthRetrying,
    });
    const client = jetstream(this.connection, { apiPrefix: FEED_PREFIX });
    const consumer = await client.consumers.get(EVENTS_STREAM, durable);
    const messages = await consumer.consume({
      max_messages: IN_HAND,
      abort_on_missing_resource: true,
      idle_heartbeat: 5_000,
    });
    this.#messages = messages;
    if (this.#stop.signal.aborted) messages.stop();
    return messages;
  }

  async #ask(durable: string, body: string): Promise<void> {
    const subject = openFeedSubject(durable);
    const reply = await this.connection.request(subject, body).catch((cause: unknown) => {
      const denied = [cause, (cause as Error).cause].some(
        (error) => error instanceof PermissionViolationError,
      );
      throw denied
        ? new CountersignError('sdk.not-your-durable', this.#notYours(), { status: 0, cause })
        : new CountersignError('sdk.unreachable', 'nobody makes it now', { status: 0, cause });
    });
    const answer = FeedOpened.parse(reply.json());
    if (!('code' in answer)) return;
    const status = answer.code === 'feed.unavailable' ? 503 : 400;
    throw new CountersignError(answer.code, answer.message, { status });
  }

  /** The server keeps to itself what a user may do: it is an operator who knows. */
  #notYours(): string {
    const { durable, credentials: { user = 'whoever gives no user name' } = {} } = this.options;
    return `${user} may not use ${durable}, only the durable consumers that their NATS account names; with \`npm start\` the user subscriber has subscriber and subscriber-1 to -4`;
  }

  #take(message: JsMsg): void {
    this.#inHand.add(message);
    const lane = Number(message.subject.split('.').at(-1)) % this.#lanes.length || 0;
    const before = this.#lanes[lane] ?? Promise.resolve();
    this.#lanes[lane] = before
      .then(() => this.#deliver(message))
      // The connection is gone: the server delivers it again.
      .catch((error: unknown) => this.options.log?.(String(error)))
      .finally(() => this.#inHand.delete(message));
  }

  async #deliver(message: JsMsg): Promise<void> {
    if (this.#stop.signal.aborted) {
      message.nak();
      return;
    }
    const attempt = message.info.deliveryCount;
    try {
      if (this.#isWanted(message.subject)) await this.#handle(message.string(), attempt);
      message.ack();
    } catch (error) {
      if (attempt < (this.options.maxAttempts ?? MAX_ATTEMPTS)) {
        this.options.log?.(`attempt ${attempt} at ${message.subject}: ${String(error)}`);
        message.nak(delayAfter(attempt));
      } else await this.#giveUp(message, error, attempt);
    }
  }

  /** The server's filter may cover more than was asked for: `evt.<category>.<event>.<partition>`. */
  #isWanted(subject: string): boolean {
    return this.#names.has(subject.split('.').slice(1, -1).join('.'));
  }

  async #handle(payload: string, attempt: number): Promise<void> {
    const event = parsePublished(payload);
    const { since, handle } = this.options;
    if (since !== undefined && new Date(event.time) < since) return;
    await handle(event as PublishedEvent<Name>, attempt);
  }

  async #giveUp(message: JsMsg, error: unknown, attempts: number): Promise<void> {
    const { failed = toStandardError } = this.options;
    try {
      await failed({ payload: message.string(), error, attempts });
      message.term();
    } catch (again) {
      this.options.log?.(`not given up, because that failed: ${String(again)}`);
      message.nak(delayAfter(attempts));
    }
  }
}

const delayAfter = (attempt: number): number =>
  Math.min(DELAY_MAX_MS, DELAY_MIN_MS * 2 ** Math.min(attempt - 1, 20));

function toStandardError({ payload, error, attempts }: Failure): void {
  console.error(`given up after ${attempts} attempts: ${String(error)}: ${payload}`);
}
