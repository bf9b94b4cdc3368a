import type { TriggerEvent } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { Clock, derivedId } from '@countersign/kernel';
import { Inject, Injectable } from '@nestjs/common';

import type { CompiledScheduled } from './domain/compiled-trigger.js';
import { dueTimes } from './domain/schedule.js';
import { scheduleAggregate, type ScheduleState } from './domain/schedule-state.js';
import { type FiringOutcome, Firings } from './firings.js';
import { SegmentedStreams } from './segmented-streams.js';
import { triggerCommand } from './trigger-commands.js';
import type { Registered } from './triggers.js';

const KEPT = 1_000;

/** A time of a schedule that fires. */
export interface FiringTime {
  readonly time: string;
  /** From 1, over the life of the registration. */
  readonly sequence: number;
}

type Scheduled = Registered<CompiledScheduled>;

/** How far each scheduled trigger is, and the firings at its times. */
@Injectable()
export class Schedules {
  readonly #states: SegmentedStreams<ScheduleState, TriggerEvent, ScheduleOwner>;

  constructor(
    @Inject(EventStore) store: EventStore,
    @Inject(Clock) clock: Clock,
    @Inject(Firings) private readonly firings: Firings,
  ) {
    this.#states = new SegmentedStreams(
      store,
      clock,
      scheduleAggregate,
      ({ until = '', sequence, times }, segment, { triggerId }): TriggerEvent => ({
        type: 'trigger.schedule-continued',
        data: { triggerId, segment, until, sequence, times: [...times] },
      }),
      KEPT,
    );
  }

  load(scheduled: Scheduled): Promise<ScheduleState> {
    return this.#states.load(ownerOf(scheduled));
  }

  /**
   * Decides which times up to now are due: once for each stretch of time, whoever asks. Answers the state
   * with the times decided upon last, by this call or by another.
   */
  decide(scheduled: Scheduled, known: ScheduleState, now: Date): Promise<ScheduleState> {
    const { compiled, resumedAt } = scheduled;
    const { triggerId, trigger, schedule } = compiled;
    const from = known.until ?? scheduled.registeredAt.toISOString();
    const owner = ownerOf(scheduled);
    const context = triggerCommand('decide upon', owner.id, from);
    return this.#states.execute(owner, context, ({ until, sequence }) => {
      // Somebody else was faster.
      if (until !== known.until) return [];
      const due = dueTimes(schedule, trigger.missed, new Date(from), now, resumedAt);
      if (!due) return [];
      const nextDue = schedule.next(due.until)?.toISOString();
      const data = {
        triggerId,
        trigger: trigger.name,
        from,
        until: due.until.toISOString(),
        sequence: sequence + 1,
        times: due.times.map((time) => time.toISOString()),
        ...(due.skipped === undefined
          ? {}
          : {
              skipped: {
                ...due.skipped,
                first: due.skipped.first.toISOString(),
                last: due.skipped.last.toISOString(),
              },
            }),
        ...(nextDue === undefined ? {} : { nextDue }),
      };
      return [{ type: 'trigger.schedule-due', data }];
    });
  }

  /** Fires at a time, which has one outcome however often it is tried. @throws AppError what a start throws. */
  async fire(compiled: CompiledScheduled, firing: FiringTime): Promise<FiringOutcome> {
    const made = compiled.plan.make({ schedule: scheduleVariable(compiled, firing) });
    return this.firings.start(compiled, made, { messageId: `schedule:${firing.time}` });
  }
}

/** What expressions see. `previous` is the time before by the schedule, whether it fired or not. */
export function scheduleVariable(
  { trigger, schedule }: CompiledScheduled,
  { time, sequence }: FiringTime,
) {
  const justBefore = new Date(new Date(time).getTime() - 1_000);
  const previous = schedule.last(justBefore, 1)[0]?.toISOString() ?? time;
  return { time, previous, name: trigger.name, sequence };
}

/** The times of a state with their numbers. */
export function firingTimes({ times, sequence }: ScheduleState): FiringTime[] {
  return times.map((time, index) => ({ time, sequence: sequence - times.length + 1 + index }));
}

interface ScheduleOwner {
  readonly id: string;
  readonly triggerId: string;
}

function ownerOf({ compiled, generation }: Scheduled): ScheduleOwner {
  const { triggerId } = compiled;
  return { id: derivedId('schedule', triggerId, generation), triggerId };
}
