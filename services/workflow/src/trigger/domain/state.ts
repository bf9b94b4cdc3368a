import type { Trigger, TriggerEvent, TriggerStatus } from '@countersign/contracts';
import type { Aggregate, JsonObject } from '@countersign/kernel';

/** A trigger as it was registered last, and whether it fires. */
export interface TriggerState {
  readonly trigger: Trigger;
  readonly status: TriggerStatus;
}

export const triggerAggregate: Aggregate<TriggerState | undefined, TriggerEvent> = {
  category: 'trigger',
  initialState: undefined,
  evolve(state, event) {
    switch (event.type) {
      case 'trigger.registered': {
        const { trigger } = event.data;
        return { trigger, status: state?.status === 'PAUSED' ? 'PAUSED' : 'ACTIVE' };
      }
      case 'trigger.paused':
        return state && { ...state, status: 'PAUSED' };
      case 'trigger.resumed':
        return state && { ...state, status: 'ACTIVE' };
      case 'trigger.deleted':
        return state && { ...state, status: 'DELETED' };
      default:
        return state;
    }
  },
};

/** Whether a message started nothing under a trigger. One stream for each message and trigger. */
export const firingAggregate: Aggregate<PassedOver | undefined, TriggerEvent> = {
  category: 'triggerfiring',
  initialState: undefined,
  evolve(state, event) {
    switch (event.type) {
      case 'trigger.event-ignored':
        return { outcome: 'ignored', workflowId: event.data.runningWorkflowId };
      case 'trigger.event-signalled': {
        const { runningWorkflowId: workflowId, signal: name, payload } = event.data;
        return { outcome: 'signalled', workflowId, signal: { name, payload } };
      }
      case 'trigger.event-passed-over':
        return { outcome: event.data.reason };
      default:
        return state;
    }
  },
};

export interface PassedOver {
  readonly outcome: 'ignored' | 'signalled' | 'paused' | 'late';
  readonly workflowId?: string;
  /** What the running workflow is told. */
  readonly signal?: { readonly name: string; readonly payload: JsonObject };
}
