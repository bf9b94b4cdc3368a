import type { EventTrigger, TriggerEvent } from '@countersign/contracts';
import { type Aggregate, hashOf } from '@countersign/kernel';

/** A trigger as it was registered last. */
export const triggerAggregate: Aggregate<EventTrigger | undefined, TriggerEvent> = {
  category: 'trigger',
  initialState: undefined,
  evolve: (state, event) => (event.type === 'trigger.registered' ? event.data.trigger : state),
};

/** Registers a trigger under its name, anew when it has changed. */
export function registerTrigger(
  state: EventTrigger | undefined,
  triggerId: string,
  trigger: EventTrigger,
): readonly TriggerEvent[] {
  if (state && hashOf(state) === hashOf(trigger)) return [];
  return [{ type: 'trigger.registered', data: { triggerId, trigger } }];
}

/** What became of a message whose business key was taken. One stream for each message and trigger. */
export const firingAggregate: Aggregate<boolean, TriggerEvent> = {
  category: 'triggerfiring',
  initialState: false,
  evolve: (state, event) => state || event.type === 'trigger.event-ignored',
};
