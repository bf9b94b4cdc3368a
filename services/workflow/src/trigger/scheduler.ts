import { AppError, Clock, derivedId, messageOf } from '@countersign/kernel';
import { Log, PLATFORM, type Platform } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';

import type { CompiledScheduled } from './domain/compiled-trigger.js';
import type { ScheduleState } from './domain/schedule-state.js';
import { Incidents } from './incidents.js';
import { asReason } from './message-firing.js';
import { type FiringTime, firingTimes, Schedules, scheduleVariable } from './schedules.js';
import { type Registered, Triggers } from './triggers.js';

/** How often the clock is looked at, at least: it may have been set. */
const LOOK_MS = 500;
const RETRY_MS = 1_000;
/** How long others leave a due time to the leader. */
const LEAVE_TO_LEADER_MS = 2_000;
const LEADERSHIP = 'workflow.schedules';

type Scheduled = Registered<CompiledScheduled>;

/** How far a schedule is, as this process knows it. */
interface Followed {
  readonly generation: number;
  readonly resumedAt: number;
  readonly state: ScheduleState;
  /** Milliseconds since the epoch. */
  readonly due: number;
}

/**
 * Fires scheduled triggers. Every instance runs one. What is due is decided in the schedule's own stream and a
 * firing's ids follow from its time, so that no number of them fires twice; the leader only spares the others the work.
 */
@Injectable()
export class Scheduler {
  readonly #followed = new Map<string, Followed>();
  readonly #stop = new AbortController();
  #running: Promise<unknown> | undefined;
  #leads: AbortSignal | undefined;

  constructor(
    @Inject(PLATFORM) private readonly platform: Platform,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Log) private readonly log: Log,
    @Inject(Triggers) private readonly triggers: Triggers,
    @Inject(Schedules) private readonly schedules: Schedules,
    @Inject(Incidents) private readonly incidents: Incidents,
  ) {}

  start(): void {
    this.#running = Promise.all([this.#lead(), this.#run()]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.platform.leadership.release(LEADERSHIP);
  }

  async #lead(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const lost = await this.platform.leadership
        .acquire(LEADERSHIP, signal)
        .catch(() => undefined);
      this.#leads = lost;
      const ended = AbortSignal.any([signal, ...(lost ? [lost] : [])]);
      if (lost && !ended.aborted) {
        await new Promise((resolve) => {
          ended.addEventListener('abort', resolve, { once: true });
        });
      }
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const active = this.triggers
        .all()
        .filter(
          (registered): registered is Scheduled =>
            registered.compiled.type === 'SCHEDULED' && registered.status === 'ACTIVE',
        );
      const wakes = await Promise.all(active.map((scheduled) => this.#attend(scheduled)));
      const now = this.clock.now().getTime();
      const wait = Math.min(LOOK_MS, ...wakes.map((wake) => wake - now));
      await sleep(Math.max(1, wait), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Answers when it wants to be attended to next. */
  async #attend(scheduled: Scheduled): Promise<number> {
    const now = this.clock.now();
    const { triggerId, trigger } = scheduled.compiled;
    try {
      const followed = this.#known(scheduled) ?? (await this.#takeUp(scheduled));
      const leads = this.#leads !== undefined && !this.#leads.aborted;
      const due = leads ? followed.due : followed.due + LEAVE_TO_LEADER_MS;
      if (now.getTime() < due) return due;
      const state = await this.schedules.decide(scheduled, followed.state, now);
      if (state.until === followed.state.until) return now.getTime() + RETRY_MS;
      await this.#fireAll(scheduled, state);
      return this.#follow(scheduled, state).due;
    } catch (error) {
      this.#followed.delete(triggerId);
      this.log.warn({ trigger: trigger.name, reason: messageOf(error) }, 'schedule tries again');
      return now.getTime() + RETRY_MS;
    }
  }

  #known({ compiled, generation, resumedAt }: Scheduled): Followed | undefined {
    const followed = this.#followed.get(compiled.triggerId);
    const isNow =
      followed?.generation === generation && followed.resumedAt === (resumedAt?.getTime() ?? 0);
    return isNow ? followed : undefined;
  }

  /** From the store. What was decided last may not have been fired to the end. */
  async #takeUp(scheduled: Scheduled): Promise<Followed> {
    const state = await this.schedules.load(scheduled);
    await this.#fireAll(scheduled, state);
    return this.#follow(scheduled, state);
  }

  #follow(scheduled: Scheduled, state: ScheduleState): Followed {
    const { compiled, generation, resumedAt, registeredAt } = scheduled;
    const from = state.until === undefined ? registeredAt : new Date(state.until);
    const due = compiled.schedule.next(from)?.getTime() ?? Number.POSITIVE_INFINITY;
    const followed = { generation, resumedAt: resumedAt?.getTime() ?? 0, state, due };
    this.#followed.set(compiled.triggerId, followed);
    return followed;
  }

  async #fireAll({ compiled }: Scheduled, state: ScheduleState): Promise<void> {
    for (const firing of firingTimes(state)) {
      try {
        await this.schedules.fire(compiled, firing);
      } catch (error) {
        const passing =
          error instanceof AppError && (error.kind === 'unavailable' || error.kind === 'conflict');
        if (passing) throw error;
        await this.#raise(compiled, firing, asReason(error));
      }
    }
  }

  async #raise(
    compiled: CompiledScheduled,
    firing: FiringTime,
    { code, message }: AppError,
  ): Promise<void> {
    const { name } = compiled.trigger;
    const { previous } = scheduleVariable(compiled, firing);
    const messageId = `schedule:${firing.time}`;
    await this.incidents.raise(
      {
        incidentId: derivedId('failed schedule', name, firing.time),
        kind: 'trigger',
        code,
        message,
        source: { schedule: firing.time, sequence: firing.sequence, previous },
        trigger: name,
        messageId,
      },
      messageId,
    );
  }
}
