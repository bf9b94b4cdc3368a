import type { TriggerEvent } from '@countersign/contracts';
import { idOf } from '@countersign/kernel';

import { present, type ProjectedEvent, type Projection, type RowOf } from './projection.js';

type Row = RowOf<'triggers'>;

/** All triggers, deleted ones as well. When a schedule is due next is in the stream of the schedule. */
export const triggers: Projection<'triggers'> = {
  table: 'triggers',
  key: ['trigger_id'],
  categories: ['trigger', 'triggerschedule'],
  folds: true,
  keyOf: ({ event }) =>
    event.type === 'trigger.schedule-continued'
      ? undefined
      : (event as TriggerEvent).data.triggerId,
  keysOfStored({ stream, type, data }) {
    if (type === 'trigger.schedule-due') return [data['triggerId'] as string];
    return type === 'trigger.schedule-continued' ? [] : [idOf(stream)];
  },
  project(projected, current) {
    const event = projected.event as TriggerEvent;
    const { actor, recordedAt } = projected.stored.metadata;
    if (event.type === 'trigger.registered') return registered(projected, current);
    const row = present(current, projected);
    const by = (reason: string) => ({ changed_by: actor, reason, updated_at: recordedAt });
    switch (event.type) {
      case 'trigger.paused':
        return { ...row, ...by(event.data.reason), status: 'PAUSED', next_due: null };
      case 'trigger.deleted':
        return { ...row, ...by(event.data.reason), status: 'DELETED', next_due: null };
      case 'trigger.resumed': {
        const next_due = event.data.nextDue ?? null;
        return { ...row, ...by(event.data.reason), status: 'ACTIVE', next_due };
      }
      case 'trigger.schedule-due':
        // A pause that came first stands.
        return row.status === 'ACTIVE' ? { ...row, next_due: event.data.nextDue ?? null } : row;
      default:
        return row;
    }
  },
};

function registered({ event, stored }: ProjectedEvent, current: Row | undefined): Row {
  const { data } = event as Extract<TriggerEvent, { type: 'trigger.registered' }>;
  const { triggerId, trigger, nextDue } = data;
  const { actor, recordedAt } = stored.metadata;
  const isPaused = current?.status === 'PAUSED';
  return {
    trigger_id: triggerId,
    name: trigger.name,
    type: trigger.type,
    status: isPaused ? 'PAUSED' : 'ACTIVE',
    template: trigger.template,
    trigger,
    registered_by: actor,
    registered_at: recordedAt,
    changed_by: actor,
    reason: isPaused ? current.reason : null,
    updated_at: recordedAt,
    next_due: isPaused ? null : (nextDue ?? null),
  };
}
