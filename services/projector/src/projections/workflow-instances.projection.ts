import { TIMERS_FAILED, type WorkflowEvent } from '@countersign/contracts';
import type { Json, JsonObject, StoredEvent } from '@countersign/kernel';

import { present, type ProjectedEvent, type Projection, type RowOf } from './projection.js';

type Row = RowOf<'workflow_instances'>;
type Timer = Extract<WorkflowEvent, { type: 'workflow.timers-set' }>['data']['timers'][number];
type Signal = Extract<WorkflowEvent, { type: 'workflow.signal-received' }>['data'];
type Frozen = NonNullable<
  Extract<WorkflowEvent, { type: 'workflow.paused' }>['data']['frozen']
>[number];

const NO_TIMERS: JsonObject = { timers: [] };
const ENDED = { pending_transition: null, timers: NO_TIMERS, signals: [], child: null };

export const workflowInstances: Projection<'workflow_instances'> = {
  table: 'workflow_instances',
  key: ['workflow_id'],
  categories: ['workflow'],
  folds: true,
  keyOf({ event }) {
    const { type, data } = event as WorkflowEvent;
    return type === 'workflow.start-abandoned' ? undefined : data.workflowId;
  },
  project(projected, current) {
    const { stored } = projected;
    const event = projected.event as WorkflowEvent;
    const at = stored.metadata.recordedAt;
    const row =
      event.type === 'workflow.started' ? started(projected) : present(current, projected);
    const changed = { ...row, ...change(event, row, projected) };
    return { ...changed, due_at: dueAt(changed), revision: stored.revision, updated_at: at };
  },
};

function started({ event, stored }: ProjectedEvent): Row {
  const { data } = event as Extract<WorkflowEvent, { type: 'workflow.started' }>;
  const { recordedAt } = stored.metadata;
  return {
    workflow_id: data.workflowId,
    template: data.template,
    template_version: data.templateVersion,
    definition_hash: data.definitionHash,
    business_key: data.businessKey ?? null,
    status: data.draft ? 'DRAFT' : 'ACTIVE',
    state: data.state,
    context: data.context,
    pending_transition: null,
    intervention: null,
    timers: NO_TIMERS,
    signals: [],
    incidents: [],
    child: null,
    overrides: (data.overrides ?? null) as JsonObject | null,
    due_at: null,
    indexed: data.indexed ?? [],
    search: searchable(data.indexed ?? [], data.context),
    parent_id: data.parentId ?? null,
    started_by: data.startedBy,
    scope: data.scope ?? null,
    revision: stored.revision,
    created_at: recordedAt,
    updated_at: recordedAt,
    ended_at: null,
    ended_by: null,
    end_reason: null,
  };
}

function change(event: WorkflowEvent, row: Row, { stored }: ProjectedEvent): Partial<Row> {
  const at = stored.metadata.recordedAt;
  switch (event.type) {
    case 'workflow.activated':
      return { status: 'ACTIVE' };
    case 'workflow.resumed':
      return { status: 'ACTIVE', timers: NO_TIMERS };
    case 'workflow.paused': {
      const { frozen = [] } = event.data;
      return { status: 'PAUSED', timers: { timers: [], frozen: frozen as Json } };
    }
    case 'workflow.timers-set':
      return { timers: { timers: event.data.timers as Json } };
    case 'workflow.context-changed': {
      const { changes, removed = [] } = event.data;
      const kept = Object.entries(row.context).filter(([name]) => !removed.includes(name));
      const context = { ...Object.fromEntries(kept), ...changes };
      return { context, search: searchable(row.indexed, context) };
    }
    case 'workflow.migrated': {
      const { templateVersion, definitionHash } = event.data;
      return { template_version: templateVersion, definition_hash: definitionHash };
    }
    case 'workflow.intervention-requested': {
      const { kind, from, to, reason, approvalId, requester } = event.data;
      return { intervention: { kind, from, to, reason, approvalId, requester, requestedAt: at } };
    }
    case 'workflow.intervention-ended':
      return { intervention: null };
    case 'workflow.approval-abandoned':
      return row.pending_transition?.['approvalId'] === event.data.approvalId
        ? { pending_transition: null }
        : {};
    case 'workflow.transition-requested': {
      const { event: name, from, to, sequence, approvalId, requester } = event.data;
      const pending = { event: name, from, to, sequence, approvalId, requester, requestedAt: at };
      return { pending_transition: pending, signals: without(row, event.data.signalId) };
    }
    case 'workflow.approval-outcome-deferred':
      return {
        pending_transition: { ...row.pending_transition, approvalOutcome: event.data.outcome },
      };
    case 'workflow.transition-rejected':
      return { pending_transition: null };
    case 'workflow.transitioned':
      return {
        state: event.data.to,
        pending_transition: null,
        timers: moved(row.timers),
        signals: without(row, event.data.signalId),
      };
    case 'workflow.completed':
      return { ...ENDED, status: 'COMPLETED', ended_at: at, ended_by: endedBy(stored) };
    case 'workflow.failed': {
      const end_reason = event.data.reason ?? null;
      return { ...ENDED, status: 'FAILED', ended_at: at, ended_by: endedBy(stored), end_reason };
    }
    case 'workflow.cancelled': {
      const end_reason = event.data.reason;
      return { ...ENDED, status: 'CANCELLED', ended_at: at, ended_by: endedBy(stored), end_reason };
    }
    case 'workflow.incident-raised': {
      const { incidentId, code, message, raisedAt = at } = event.data;
      const incidents = [
        ...otherIncidents(row, incidentId),
        { incidentId, code, message, raisedAt },
      ];
      const stopped = code === TIMERS_FAILED ? { timers: { ...row.timers, stopped: true } } : {};
      return { incidents, ...stopped };
    }
    case 'workflow.incident-resolved': {
      const { stopped, ...timers } = row.timers;
      const incidents = otherIncidents(row, event.data.incidentId);
      const goesOn = stopped === true && event.data.code === TIMERS_FAILED;
      return { incidents, ...(goesOn ? { timers } : {}) };
    }
    case 'workflow.signal-received':
      return signalReceived(row, event.data, at);
    case 'workflow.signal-expired':
    case 'workflow.signal-withdrawn':
      return { signals: without(row, event.data.signalId) };
    case 'workflow.child-requested': {
      const { childId: workflowId, childTemplate: template } = event.data;
      return { child: { workflowId, template } };
    }
    case 'workflow.child-abandoned':
      return { child: null };
    case 'workflow.started':
    case 'workflow.start-abandoned':
    case 'workflow.emitted':
    case 'workflow.escalated':
    case 'workflow.child-ended':
      return {};
  }
}

/** The end of an invoked instance comes as a signal: it is waited for no more. */
function signalReceived(row: Row, signal: Signal, at: string): Partial<Row> {
  const { signalId, name, sender, sentAt = at, expiresAt, payload } = signal;
  const isEnd = sender === undefined && payload['workflowId'] === row.child?.workflowId;
  return {
    signals: [...row.signals, { signalId, name, sender: sender?.id ?? null, sentAt, expiresAt }],
    ...(isEnd ? { child: null } : {}),
  };
}

function without({ signals }: Row, signalId: string | undefined): Row['signals'] {
  return signals.filter((signal) => signal.signalId !== signalId);
}

function otherIncidents({ incidents }: Row, incidentId: string): Row['incidents'] {
  return incidents.filter((open) => open.incidentId !== incidentId);
}

/** Whoever acted, or for whom a part of the product did. */
function endedBy({ metadata }: StoredEvent): string {
  return metadata.onBehalfOf ?? metadata.actor;
}

/** What a pause has stopped of the state that was left is nothing any more; the timer of the whole is. */
function moved(timers: JsonObject): JsonObject {
  const frozen = timers['frozen'] as unknown as readonly Frozen[] | undefined;
  if (frozen === undefined) return timers;
  return { ...timers, frozen: frozen.filter(({ kind }) => kind === 'overall') as Json };
}

/**
 * The first timer that may fire: while an approval is open, transitions wait for its outcome. None while they stand still
 * because firing them has failed.
 */
function dueAt({ timers, pending_transition }: Row): string | null {
  if (timers['stopped'] === true) return null;
  const running = timers['timers'] as unknown as readonly Timer[];
  const may = running.filter(({ kind }) => kind !== 'after' || pending_transition === null);
  return may.map((timer) => timer.dueAt).sort()[0] ?? null;
}

/** As text, so that a query need not know the type; what is too long to look for is left out. */
function searchable(indexed: readonly string[], context: JsonObject): JsonObject {
  const fields = indexed.flatMap((name): [string, string][] => {
    const value = Object.hasOwn(context, name) ? context[name] : undefined;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      return [];
    }
    const text = String(value);
    return text.length <= 300 ? [[name, text]] : [];
  });
  return Object.fromEntries(fields);
}
