import { TRADES_STREAM } from '@countersign/contracts';
import type { JsonObject } from '@countersign/kernel';
import { StreamConsumer } from '@countersign/messaging';
import { Log, PLATFORM, type Platform } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

import { DeadLetters } from './dead-letters.js';
import type { CompiledEvent, CompiledThreshold } from './domain/compiled-trigger.js';
import { parseMessage } from './domain/message.js';
import { Firings } from './firings.js';
import { asReason, MessageFiring } from './message-firing.js';
import { delivered, type StreamMessage } from './stream-message.js';
import { type Registered, Triggers } from './triggers.js';

const CONCURRENCY = 64;

/** Fires triggers by the messages of upstream systems. */
@Injectable()
export class TriggerConsumer {
  readonly #consumer: StreamConsumer;

  constructor(
    @Inject(PLATFORM) { bus }: Platform,
    @Inject(Log) log: Log,
    @Inject(Triggers) private readonly triggers: Triggers,
    @Inject(Firings) private readonly firings: Firings,
    @Inject(MessageFiring) private readonly firing: MessageFiring,
    @Inject(DeadLetters) private readonly deadLetters: DeadLetters,
  ) {
    const options = { stream: TRADES_STREAM, durable: 'workflow--triggers', subject: 'trades.>' };
    this.#consumer = new StreamConsumer(
      bus,
      log,
      { ...options, concurrency: CONCURRENCY },
      (message) => this.#handle(delivered(message)),
    );
  }

  get ready(): boolean {
    return this.#consumer.ready;
  }

  start(): void {
    this.#consumer.start();
  }

  stop(): Promise<void> {
    return this.#consumer.stop();
  }

  async #handle(message: StreamMessage): Promise<void> {
    // Whoever was told that there is a trigger, wherever it was made, may count on it.
    await this.triggers.catchUp();
    const listening = this.triggers.listeningTo(message.subject);
    if (listening.length === 0) {
      await this.deadLetters.unheard(message);
      return;
    }
    const active = listening.filter(({ status }) => status === 'ACTIVE');
    const paused = listening.filter(({ status }) => status === 'PAUSED');
    const passedOver = paused.map(({ compiled }) =>
      this.firings.passOver(compiled, message, 'paused'),
    );
    await Promise.all([...passedOver, this.#fireAll(active, message)]);
  }

  async #fireAll(
    active: readonly Registered<CompiledEvent | CompiledThreshold>[],
    message: StreamMessage,
  ): Promise<void> {
    if (active.length === 0) return;
    let content: JsonObject;
    try {
      content = parseMessage(message.data);
    } catch (error) {
      await this.deadLetters.putAside(message, asReason(error));
      return;
    }
    await Promise.all(active.map((registered) => this.#fire(registered, content, message)));
  }

  async #fire(
    registered: Registered<CompiledEvent | CompiledThreshold>,
    content: JsonObject,
    message: StreamMessage,
  ): Promise<void> {
    const fired = await this.firing.fire(registered, content, message);
    if (fired.outcome !== 'failed') return;
    const { reason, crossed } = fired;
    const { name } = registered.compiled.trigger;
    const trigger = { name, ...(crossed === undefined ? {} : { crossed }) };
    await this.deadLetters.putAside(message, reason, trigger);
  }
}
