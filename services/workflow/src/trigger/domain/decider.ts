import type { Trigger, TriggerEvent } from '@countersign/contracts';
import { hashOf, notFound, rule } from '@countersign/kernel';

import type { TriggerState } from './state.js';

interface Registration {
  readonly triggerId: string;
  readonly trigger: Trigger;
  readonly nextDue?: string | undefined;
}

/** @throws AppError `trigger.name-taken` unless the name is new, or that of a deleted trigger. */
export function createTrigger(
  state: TriggerState | undefined,
  registration: Registration,
): readonly TriggerEvent[] {
  if (state && state.status !== 'DELETED') {
    throw rule('trigger.name-taken', `there is a trigger ${registration.trigger.name}`);
  }
  return [registered(registration)];
}

/** A trigger that comes with the product, anew when it has changed; one that was deleted stays so. */
export function registerBuiltIn(
  state: TriggerState | undefined,
  registration: Registration,
): readonly TriggerEvent[] {
  const unchanged = state && hashOf(state.trigger) === hashOf(registration.trigger);
  return unchanged || state?.status === 'DELETED' ? [] : [registered(registration)];
}

/** @throws AppError `trigger.not-found`, `trigger.not-active`. */
export function pauseTrigger(
  state: TriggerState | undefined,
  triggerId: string,
  reason: string,
): readonly TriggerEvent[] {
  if (present(state).status !== 'ACTIVE') throw rule('trigger.not-active', 'it is paused already');
  return [{ type: 'trigger.paused', data: { triggerId, reason } }];
}

/** @throws AppError `trigger.not-found`, `trigger.not-paused`. */
export function resumeTrigger(
  state: TriggerState | undefined,
  triggerId: string,
  reason: string,
  nextDue: string | undefined,
): readonly TriggerEvent[] {
  if (present(state).status !== 'PAUSED') throw rule('trigger.not-paused', 'it is not paused');
  const due = nextDue === undefined ? {} : { nextDue };
  return [{ type: 'trigger.resumed', data: { triggerId, reason, ...due } }];
}

/** @throws AppError `trigger.not-found`. */
export function deleteTrigger(
  state: TriggerState | undefined,
  triggerId: string,
  reason: string,
): readonly TriggerEvent[] {
  present(state);
  return [{ type: 'trigger.deleted', data: { triggerId, reason } }];
}

/** @throws AppError `trigger.not-found`, also for one that was deleted. */
export function present(state: TriggerState | undefined): TriggerState {
  if (state && state.status !== 'DELETED') return state;
  throw notFound('trigger.not-found', 'there is no such trigger');
}

function registered({ triggerId, trigger, nextDue }: Registration): TriggerEvent {
  const due = nextDue === undefined ? {} : { nextDue };
  return { type: 'trigger.registered', data: { triggerId, trigger, ...due } };
}
