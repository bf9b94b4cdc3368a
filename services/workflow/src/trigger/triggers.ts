import {
  decodeEvent,
  type EventTrigger,
  type RegisterTrigger,
  type TriggerEvent,
} from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { Clock, derivedId, hashOf, messageOf, streamName, systemActor } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { AggregateStore, Log } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';

import { type CompiledTrigger, compileTrigger } from './domain/compiled-trigger.js';
import { registerTrigger, triggerAggregate } from './domain/state.js';

const RETRY_MS = 500;

/** Registered triggers: written here, and followed from the feed, so that every instance knows all. */
@Injectable()
export class Triggers {
  readonly #stored: AggregateStore<EventTrigger | undefined, TriggerEvent>;
  readonly #compiled = new Map<string, CompiledTrigger>();
  readonly #stop = new AbortController();
  readonly #caughtUp = Promise.withResolvers<undefined>();
  #following: Promise<void> | undefined;
  #ready = false;

  constructor(
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(Clock) clock: Clock,
    @Inject(Log) private readonly log: Log,
  ) {
    this.#stored = new AggregateStore(store, clock, triggerAggregate, 1_000);
  }

  /** Whether all triggers that were registered before the start are known. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Resolves when `ready` is true. */
  whenReady(): Promise<undefined> {
    return this.#caughtUp.promise;
  }

  /** Those that a message with this subject concerns. */
  listeningTo(subject: string): CompiledTrigger[] {
    return [...this.#compiled.values()].filter((trigger) => trigger.listensTo(subject));
  }

  /** @throws AppError `expression.invalid`. */
  async register(
    trigger: EventTrigger,
    context: CommandContext,
  ): Promise<z.output<typeof RegisterTrigger.reply>> {
    const triggerId = derivedId('trigger', trigger.name);
    const compiled = compileTrigger(triggerId, trigger);
    const stream = streamName(triggerAggregate.category, triggerId);
    const { position } = await this.#stored.execute(stream, context, (state) =>
      registerTrigger(state, triggerId, trigger),
    );
    this.#compiled.set(triggerId, compiled);
    return { triggerId, position };
  }

  /** Registers a trigger that comes with the product, once for each content. */
  async registerBuiltIn(trigger: EventTrigger): Promise<void> {
    const commandHash = hashOf(trigger);
    const commandId = derivedId('built-in trigger', commandHash);
    const ids = { commandId, correlationId: commandId, causationId: commandId };
    await this.register(trigger, { ...ids, commandHash, actor: systemActor('trigger') });
  }

  start(): void {
    this.#following = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    const filter = { categories: [triggerAggregate.category] };
    let position: string | undefined;
    while (!signal.aborted) {
      try {
        for await (const page of this.store.subscribeAll(position, filter, { signal })) {
          for (const stored of page.events) this.#learn(decodeEvent(stored) as TriggerEvent);
          position = page.position ?? position;
          if (!page.caughtUp) continue;
          this.#ready = true;
          this.#caughtUp.resolve(undefined);
        }
      } catch (error) {
        this.log.error({ reason: messageOf(error) }, 'triggers cannot be followed');
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #learn(event: TriggerEvent): void {
    if (event.type !== 'trigger.registered') return;
    const { triggerId, trigger } = event.data;
    try {
      this.#compiled.set(triggerId, compileTrigger(triggerId, trigger));
    } catch (error) {
      this.log.error({ trigger: trigger.name, reason: messageOf(error) }, 'trigger left out');
    }
  }
}
