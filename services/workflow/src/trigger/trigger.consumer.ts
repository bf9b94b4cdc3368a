import { TRADES_STREAM, type TriggerEvent } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import {
  AppError,
  Clock,
  derivedId,
  hashOf,
  type JsonObject,
  messageOf,
  rule,
  streamName,
  systemActor,
  Turns,
} from '@countersign/kernel';
import { type CommandContext, StreamConsumer } from '@countersign/messaging';
import { AggregateStore, Log, PLATFORM, type Platform } from '@countersign/service-kit';
import type { JsMsg } from '@nats-io/jetstream';
import { Inject, Injectable } from '@nestjs/common';

import { WorkflowHandler } from '../workflow/workflow.handler.js';
import { DeadLetters } from './dead-letters.js';
import type { CompiledTrigger, Firing } from './domain/compiled-trigger.js';
import { parseMessage } from './domain/message.js';
import { firingAggregate } from './domain/state.js';
import { Triggers } from './triggers.js';

const CONCURRENCY = 64;

/** What a service may say to a command without it being the message's fault. */
const transient = new Set(['unavailable', 'conflict']);

/** Starts workflows from the messages of upstream systems. */
@Injectable()
export class TriggerConsumer {
  readonly #consumer: StreamConsumer;
  readonly #firings: AggregateStore<boolean, TriggerEvent>;
  /** Messages with the same business key are handled in the order in which they came. */
  readonly #turns = new Turns();

  constructor(
    @Inject(PLATFORM) { bus }: Platform,
    @Inject(EventStore) store: EventStore,
    @Inject(Clock) clock: Clock,
    @Inject(Log) private readonly log: Log,
    @Inject(Triggers) private readonly triggers: Triggers,
    @Inject(WorkflowHandler) private readonly workflows: WorkflowHandler,
    @Inject(DeadLetters) private readonly deadLetters: DeadLetters,
  ) {
    this.#firings = new AggregateStore(store, clock, firingAggregate, 1_000);
    const options = { stream: TRADES_STREAM, durable: 'workflow--triggers', subject: 'trades.>' };
    this.#consumer = new StreamConsumer(
      bus,
      log,
      { ...options, concurrency: CONCURRENCY },
      (message) => this.#handle(message),
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

  async #handle(message: JsMsg): Promise<void> {
    // Sequences start over when a stream is made anew; with the time they do not repeat.
    const messageId = `${TRADES_STREAM}:${message.seq}:${message.info.timestampNanos}`;
    const triggers = this.triggers.listeningTo(message.subject);
    if (triggers.length === 0) return;
    let parsed: JsonObject;
    try {
      parsed = parseMessage(message.data);
    } catch (error) {
      await this.deadLetters.putAside(message, messageId, asReason(error));
      return;
    }
    await Promise.all(triggers.map((trigger) => this.#fire(trigger, parsed, message, messageId)));
  }

  async #fire(
    compiled: CompiledTrigger,
    parsed: JsonObject,
    message: JsMsg,
    messageId: string,
  ): Promise<void> {
    const { trigger } = compiled;
    try {
      const firing = compiled.fire(parsed);
      if (!firing) return;
      const key = `${trigger.template} ${firing.businessKey}`;
      await this.#turns.take(key, () => this.#start(compiled, firing, message.subject, messageId));
    } catch (error) {
      if (error instanceof AppError && transient.has(error.kind)) throw error;
      if (!(error instanceof AppError)) this.log.error({ error, messageId }, 'a trigger failed');
      await this.deadLetters.putAside(message, messageId, asReason(error), trigger.name);
    }
  }

  async #start(
    { triggerId, trigger }: CompiledTrigger,
    { businessKey, context }: Firing,
    subject: string,
    messageId: string,
  ): Promise<void> {
    const { template, whenRunning } = trigger;
    const firing = derivedId('firing', trigger.name, messageId);
    const stream = streamName(firingAggregate.category, firing);
    // It was passed over before: that the key is free by now changes nothing.
    if (await this.#firings.load(stream)) return;
    const command = commandOf('start', trigger.name, messageId);
    try {
      await this.workflows.start({ template, businessKey, context }, command, {
        trigger: { name: trigger.name, messageId },
        shareBusinessKey: whenRunning === 'start-another',
      });
    } catch (error) {
      const runningWorkflowId = runningHolder(error);
      if (runningWorkflowId === undefined || whenRunning !== 'ignore') throw error;
      const data = {
        triggerId,
        trigger: trigger.name,
        messageId,
        subject,
        businessKey,
        runningWorkflowId,
      };
      await this.#firings.execute(stream, commandOf('ignore', trigger.name, messageId), (done) =>
        done ? [] : [{ type: 'trigger.event-ignored', data }],
      );
    }
  }
}

/** The same message under the same trigger is the same command, however often it is delivered. */
function commandOf(what: string, trigger: string, messageId: string): CommandContext {
  const commandId = derivedId(what, trigger, messageId);
  return {
    commandId,
    commandHash: hashOf(messageId),
    correlationId: commandId,
    causationId: commandId,
    actor: systemActor('trigger'),
  };
}

function runningHolder(error: unknown): string | undefined {
  if (!(error instanceof AppError) || error.code !== 'workflow.business-key-taken')
    return undefined;
  const workflowId = error.details?.['workflowId'];
  return typeof workflowId === 'string' ? workflowId : undefined;
}

function asReason(error: unknown): AppError {
  return error instanceof AppError ? error : rule('message.failed', messageOf(error));
}
