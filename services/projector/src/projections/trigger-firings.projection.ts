import {
  type IncidentEvent,
  type TriggerEvent,
  triggerIdOf,
  type WorkflowEvent,
} from '@countersign/contracts';
import { derivedId } from '@countersign/kernel';

import type { ProjectedEvent, Projection, RowOf } from './projection.js';

type Row = RowOf<'trigger_firings'>;
type DataOf<Event, Type> =
  Extract<Event, { type: Type }> extends { data: infer Data } ? Data : never;
type Started = DataOf<WorkflowEvent, 'workflow.started'>;
type Ignored = DataOf<TriggerEvent, 'trigger.event-ignored'>;
type PassedOver = DataOf<TriggerEvent, 'trigger.event-passed-over'>;
type Refused = DataOf<TriggerEvent, 'trigger.firing-refused'>;
type Due = DataOf<TriggerEvent, 'trigger.schedule-due'>;
type Raised = DataOf<IncidentEvent, 'incident.raised'>;

/** Trigger and message: what makes a firing. */
type Firing = Pick<Row, 'firing_id' | 'trigger_id' | 'trigger' | 'message_id'>;

/** What came of each firing, from whichever stream tells it. A later outcome replaces an incident. */
export const triggerFirings: Projection<'trigger_firings'> = {
  table: 'trigger_firings',
  key: ['firing_id'],
  categories: ['workflow', 'triggerfiring', 'triggerschedule', 'incident'],
  folds: false,
  keyOf: (projected) => firingOf(projected)?.firing_id,
  project(projected) {
    const firing = firingOf(projected);
    if (!firing) throw new Error(`${projected.event.type} is no firing`);
    const nothing = { subject: null, workflow_id: null, business_key: null, reason: null };
    const rest = { scope: null, created_at: projected.stored.metadata.recordedAt };
    return { ...firing, ...nothing, ...rest, ...outcomeOf(projected) };
  },
};

function firingOf({ event: { type, data } }: ProjectedEvent): Firing | undefined {
  switch (type) {
    case 'workflow.started': {
      const { trigger } = data as Started;
      return trigger && firing(trigger.name, trigger.messageId);
    }
    case 'trigger.event-ignored':
    case 'trigger.event-signalled':
    case 'trigger.event-passed-over':
    case 'trigger.firing-refused': {
      const { trigger, messageId } = data as Ignored | PassedOver | Refused;
      return firing(trigger, messageId);
    }
    case 'trigger.schedule-due': {
      const { trigger, skipped } = data as Due;
      return skipped && firing(trigger, `skipped:${skipped.last}`);
    }
    case 'incident.raised': {
      const { trigger, messageId, incidentId } = data as Raised;
      // Older incidents do not say which message it was.
      return trigger === undefined ? undefined : firing(trigger, messageId ?? incidentId);
    }
    default:
      return undefined;
  }
}

function firing(trigger: string, messageId: string): Firing {
  return {
    firing_id: derivedId('firing', trigger, messageId),
    trigger_id: triggerIdOf(trigger),
    trigger,
    message_id: messageId,
  };
}

function outcomeOf({ event: { type, data } }: ProjectedEvent): Partial<Row> & { outcome: string } {
  switch (type) {
    case 'workflow.started': {
      const { workflowId, businessKey, scope, trigger } = data as Started;
      return {
        outcome: 'started',
        subject: trigger?.subject ?? null,
        workflow_id: workflowId,
        business_key: businessKey ?? null,
        scope: scope ?? null,
      };
    }
    case 'trigger.event-ignored':
    case 'trigger.event-signalled': {
      const { runningWorkflowId, businessKey, subject } = data as Ignored;
      return {
        outcome: type === 'trigger.event-ignored' ? 'ignored' : 'signalled',
        subject: subject ?? null,
        workflow_id: runningWorkflowId,
        business_key: businessKey,
        reason: 'its key belongs to a running workflow',
      };
    }
    case 'trigger.event-passed-over': {
      const { reason, subject } = data as PassedOver;
      const why = reason === 'paused' ? 'the trigger was paused' : 'too late for its window';
      return { outcome: reason, subject, reason: why };
    }
    case 'trigger.firing-refused': {
      const { code, message } = data as Refused;
      return { outcome: 'refused', reason: `${code}: ${message}` };
    }
    case 'trigger.schedule-due': {
      const { skipped } = data as Due;
      const count = `${skipped?.more ? 'more than ' : ''}${skipped?.count ?? 0}`;
      const span = `from ${skipped?.first ?? ''} to ${skipped?.last ?? ''}`;
      return { outcome: 'skipped', reason: `${count} missed, ${span}` };
    }
    default: {
      const { code, message, source } = data as Raised;
      const subject = 'subject' in source ? source.subject : null;
      return { outcome: 'incident', subject, reason: `${code}: ${message}` };
    }
  }
}
