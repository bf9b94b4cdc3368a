import { decodeEvent, type DomainEvent, type TriggerEvent } from '@countersign/contracts';
import { EventStore, type FeedPage } from '@countersign/event-store';
import { Clock, messageOf, SharedRounds, streamName } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { AggregateStore, Log, type Outcome, type RecordedEvent } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  type CompiledEvent,
  type CompiledThreshold,
  type CompiledTrigger,
  compileTrigger,
} from './domain/compiled-trigger.js';
import { triggerAggregate, type TriggerState } from './domain/state.js';

const RETRY_MS = 500;
const FILTER = { categories: [triggerAggregate.category] };
/** Events to read at a time. */
const PAGE = 500;

/** A trigger that is not deleted. */
export interface Registered<Compiled = CompiledTrigger> {
  readonly compiled: Compiled;
  readonly status: 'ACTIVE' | 'PAUSED';
  /** Revision of its registration: what belongs to an earlier one of the same name is not its own. */
  readonly generation: number;
  readonly registeredAt: Date;
  /** When it was resumed last. */
  readonly resumedAt?: Date;
}

type Listener = Registered<CompiledEvent | CompiledThreshold>;
type Stored = Pick<RecordedEvent, 'stream' | 'revision' | 'metadata'>;

/** All triggers: written here, and followed from the feed, so that every instance knows all. */
@Injectable()
export class Triggers {
  readonly #stored: AggregateStore<TriggerState | undefined, TriggerEvent>;
  readonly #known = new Map<string, Registered>();
  /** Everything of the feed up to here is known. */
  #position: string | undefined;
  readonly #readings = new SharedRounds(() => this.#readOn());
  /** How far each trigger's stream is known. */
  readonly #revisions = new Map<string, number>();
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

  /** Active and paused ones. */
  all(): Registered[] {
    return [...this.#known.values()];
  }

  get(triggerId: string): Registered | undefined {
    return this.#known.get(triggerId);
  }

  /** Those that a message with this subject concerns, paused ones as well. */
  listeningTo(subject: string): Listener[] {
    return this.all().filter(
      (registered): registered is Listener =>
        'listensTo' in registered.compiled && registered.compiled.listensTo(subject),
    );
  }

  /**
   * Makes everything known that was decided before the call, wherever: the feed brings it a moment later.
   *
   * @throws AppError `unavailable`
   */
  catchUp(): Promise<void> {
    return this.#readings.next();
  }

  /** From the store, whatever the feed has brought so far. */
  load(triggerId: string): Promise<TriggerState | undefined> {
    return this.#stored.load(streamOf(triggerId));
  }

  /** Carries out a command on one trigger; this instance acts upon it at once. */
  async execute(
    triggerId: string,
    context: CommandContext,
    decide: (state: TriggerState | undefined) => readonly TriggerEvent[],
  ): Promise<Outcome<TriggerState | undefined>> {
    const outcome = await this.#stored.execute(streamOf(triggerId), context, decide);
    for (const stored of outcome.events) this.#learn(decodeEvent(stored), stored);
    return outcome;
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
    while (!signal.aborted) {
      try {
        for await (const page of this.store.subscribeAll(this.#position, FILTER, { signal })) {
          this.#take(page);
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

  async #readOn(): Promise<void> {
    const head = await this.store.head();
    while (head !== undefined && !this.#stop.signal.aborted && !this.#reaches(head)) {
      this.#take(await this.store.readAll(this.#position, FILTER, PAGE));
    }
  }

  #reaches(position: string): boolean {
    return (
      this.#position !== undefined && this.store.comparePositions(this.#position, position) >= 0
    );
  }

  #take({ events, position }: FeedPage): void {
    for (const stored of events) this.#learn(decodeEvent(stored), stored);
    if (position !== undefined && !this.#reaches(position)) this.#position = position;
  }

  #learn(decoded: DomainEvent, { stream, revision, metadata }: Stored): void {
    if (revision <= (this.#revisions.get(stream) ?? -1)) return;
    this.#revisions.set(stream, revision);
    const event = decoded as TriggerEvent;
    const { triggerId } = event.data;
    const at = new Date(metadata.recordedAt);
    const known = this.#known.get(triggerId);
    if (event.type === 'trigger.registered') {
      const { trigger } = event.data;
      try {
        const compiled = compileTrigger(triggerId, trigger);
        const status = known?.status ?? 'ACTIVE';
        this.#known.set(triggerId, { compiled, status, generation: revision, registeredAt: at });
      } catch (error) {
        this.log.error({ trigger: trigger.name, reason: messageOf(error) }, 'trigger left out');
      }
    } else if (known) {
      if (event.type === 'trigger.paused') {
        this.#known.set(triggerId, { ...known, status: 'PAUSED' });
      } else if (event.type === 'trigger.resumed') {
        this.#known.set(triggerId, { ...known, status: 'ACTIVE', resumedAt: at });
      } else if (event.type === 'trigger.deleted') {
        this.#known.delete(triggerId);
      }
    }
  }
}

function streamOf(triggerId: string): string {
  return streamName(triggerAggregate.category, triggerId);
}
