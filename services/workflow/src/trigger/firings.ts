import { SignalBody, type TriggerEvent } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import {
  AppError,
  Clock,
  derivedId,
  type JsonObject,
  streamName,
  Turns,
} from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { AggregateStore } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

import { SignalsHandler } from '../workflow/signals.handler.js';
import { WorkflowHandler } from '../workflow/workflow.handler.js';
import type { CompiledTrigger } from './domain/compiled-trigger.js';
import type { Firing } from './domain/firing-plan.js';
import { firingAggregate, type PassedOver } from './domain/state.js';
import { triggerCommand } from './trigger-commands.js';

/** What fired a trigger: a message (`TRADES:<sequence>:<nanoseconds>`) or a time (`schedule:<time>`). */
export interface Cause {
  readonly messageId: string;
  readonly subject?: string;
}

/** What came of it. */
export interface FiringOutcome {
  readonly outcome: 'started' | PassedOver['outcome'];
  /** The workflow that was started, or that was running already. */
  readonly workflowId?: string;
}

/** Triggers that are no person's word: their firings, each of which has one outcome, however often it is tried. */
@Injectable()
export class Firings {
  readonly #passedOver: AggregateStore<PassedOver | undefined, TriggerEvent>;
  /** Firings with the same business key are handled in the order in which they came. */
  readonly #turns = new Turns();

  constructor(
    @Inject(EventStore) store: EventStore,
    @Inject(Clock) clock: Clock,
    @Inject(WorkflowHandler) private readonly handler: WorkflowHandler,
    @Inject(SignalsHandler) private readonly signals: SignalsHandler,
  ) {
    this.#passedOver = new AggregateStore(store, clock, firingAggregate, 1_000);
  }

  /** @throws AppError what a start throws, unless the trigger's `whenRunning` has an answer to it. */
  async start(compiled: CompiledTrigger, firing: Firing, cause: Cause): Promise<FiringOutcome> {
    const { businessKey, context } = firing;
    const start = () => this.#start(compiled, firing, cause);
    if (businessKey === undefined) return start();
    const { template } = compiled.trigger;
    const done = await this.#turns.take(`${template} ${businessKey}`, async () =>
      (await this.handler.fits({ template, context })) ? await start() : undefined,
    );
    // What the template does not take has no place in the order: neither such firings nor good ones wait for it.
    return done ?? start();
  }

  /** What is on record about a message without effect. */
  passedOver({ trigger }: CompiledTrigger, { messageId }: Cause): Promise<PassedOver | undefined> {
    return this.#passedOver.load(streamOf(trigger.name, messageId));
  }

  /** Records that a message had no effect, and why. */
  async passOver(
    { triggerId, trigger }: CompiledTrigger,
    { messageId, subject = '' }: Cause,
    reason: 'paused' | 'late',
  ): Promise<FiringOutcome> {
    const context = triggerCommand('pass over', trigger.name, messageId);
    const data = { triggerId, trigger: trigger.name, messageId, subject, reason };
    const { state } = await this.#passedOver.execute(
      streamOf(trigger.name, messageId),
      context,
      (done) => (done ? [] : [{ type: 'trigger.event-passed-over', data }]),
      { fresh: true },
    );
    return state ?? { outcome: reason };
  }

  /** Records that a firing by hand was refused, once for each command. */
  async refused(
    { triggerId, trigger }: CompiledTrigger,
    { messageId }: Cause,
    { code, message }: AppError,
    context: CommandContext,
  ): Promise<void> {
    const data = { triggerId, trigger: trigger.name, messageId, code, message };
    await this.#passedOver.execute(
      streamOf(trigger.name, messageId),
      context,
      () => [{ type: 'trigger.firing-refused', data }],
      { fresh: true },
    );
  }

  async #start(
    compiled: CompiledTrigger,
    { businessKey, context, signal }: Firing,
    cause: Cause,
  ): Promise<FiringOutcome> {
    const { trigger } = compiled;
    const { messageId, subject } = cause;
    // It was passed over before: that the key is free by now changes nothing.
    const before = await this.passedOver(compiled, cause);
    if (before) return this.#asBefore(before, trigger.name, messageId);
    const whenRunning = 'whenRunning' in trigger ? (trigger.whenRunning ?? 'ignore') : 'ignore';
    const command = triggerCommand('start', trigger.name, messageId);
    const key = businessKey === undefined ? {} : { businessKey };
    try {
      const { workflowId } = await this.handler.start(
        { template: trigger.template, ...key, context },
        command,
        {
          trigger: {
            name: trigger.name,
            messageId,
            ...(subject === undefined ? {} : { subject }),
          },
          shareBusinessKey: whenRunning === 'start-another',
        },
      );
      return { outcome: 'started', workflowId };
    } catch (error) {
      const running = runningHolder(error);
      if (running === undefined || businessKey === undefined) throw error;
      if (whenRunning !== 'ignore' && !signal) throw error;
      return await this.#standBack(compiled, cause, { businessKey, running, told: signal?.() });
    }
  }

  /** The workflow that runs is left alone, or told. */
  async #standBack(
    { triggerId, trigger }: CompiledTrigger,
    { messageId, subject }: Cause,
    { businessKey, running, told }: StandingBack,
  ): Promise<FiringOutcome> {
    const data = {
      triggerId,
      trigger: trigger.name,
      messageId,
      ...(subject === undefined ? {} : { subject }),
      businessKey,
      runningWorkflowId: running,
    };
    const event: TriggerEvent = told
      ? {
          type: 'trigger.event-signalled',
          data: { ...data, signal: told.name, payload: told.payload },
        }
      : { type: 'trigger.event-ignored', data };
    const { state } = await this.#passedOver.execute(
      streamOf(trigger.name, messageId),
      triggerCommand('ignore', trigger.name, messageId),
      (done) => (done ? [] : [event]),
    );
    if (!state) throw new Error(`${messageId}: nothing is on record`);
    return this.#asBefore(state, trigger.name, messageId);
  }

  /** What is on record; a signal is sent once more, which tells the workflow nothing new. */
  async #asBefore(
    { outcome, workflowId, signal }: PassedOver,
    trigger: string,
    messageId: string,
  ): Promise<FiringOutcome> {
    if (workflowId === undefined) return { outcome };
    if (signal) {
      const body = SignalBody.parse(signal);
      const context = triggerCommand('signal', trigger, messageId);
      await this.signals.signal({ workflowId, ...body }, context);
    }
    return { outcome, workflowId };
  }
}

interface StandingBack {
  readonly businessKey: string;
  readonly running: string;
  readonly told: { readonly name: string; readonly payload: JsonObject } | undefined;
}

function streamOf(trigger: string, messageId: string): string {
  return streamName(firingAggregate.category, derivedId('firing', trigger, messageId));
}

function runningHolder(error: unknown): string | undefined {
  if (!(error instanceof AppError) || error.code !== 'workflow.business-key-taken')
    return undefined;
  const workflowId = error.details?.['workflowId'];
  return typeof workflowId === 'string' ? workflowId : undefined;
}
