import type { TriggerEvent } from '@countersign/contracts';
import type { Aggregate } from '@countersign/kernel';

/** How far a schedule is settled. */
export interface ScheduleState {
  /** Times up to here are settled; undefined before the first. */
  readonly until?: string;
  /** Number of the last of `times`, counted from 1. */
  readonly sequence: number;
  /** Those that were decided upon last. Whoever takes over fires them once more, which changes nothing. */
  readonly times: readonly string[];
}

export const scheduleAggregate: Aggregate<ScheduleState, TriggerEvent> = {
  category: 'triggerschedule',
  initialState: { sequence: 0, times: [] },
  evolve(state, event) {
    switch (event.type) {
      case 'trigger.schedule-due': {
        const { until, times, sequence } = event.data;
        return { until, times, sequence: sequence + times.length - 1 };
      }
      case 'trigger.schedule-continued': {
        const { until, times, sequence } = event.data;
        return { until, times, sequence };
      }
      default:
        return state;
    }
  },
};
