import type { ApprovalEvent, IncidentEvent, WorkflowEvent } from '@countersign/contracts';
import { derivedId, idOf, type JsonObject } from '@countersign/kernel';

import { present, type ProjectedEvent, type Projection, type RowOf } from './projection.js';

type Row = RowOf<'incidents'>;
type WorkflowIncident = Extract<
  WorkflowEvent,
  { type: 'workflow.incident-raised' | 'workflow.incident-resolved' }
>;
type ApprovalIncident = Extract<
  ApprovalEvent,
  { type: 'approval.incident-raised' | 'approval.incident-resolved' }
>;
type AnyIncident = IncidentEvent | WorkflowIncident | ApprovalIncident;

const types = [
  ...['incident.raised', 'incident.resolved'],
  ...['workflow.incident-raised', 'workflow.incident-resolved'],
  ...['approval.incident-raised', 'approval.incident-resolved'],
];

/** Everything that needs a person, from messages, workflows and approvals alike. */
export const incidents: Projection<'incidents'> = {
  table: 'incidents',
  key: ['incident_id'],
  categories: ['incident', 'workflow', 'approval'],
  folds: true,
  keysOfStored({ type, stream, data }) {
    if (!types.includes(type)) return [];
    const ofOthers = data['incidentId'] as string;
    return [
      type.startsWith('approval.') ? ofApproval(idOf(stream), data['code'] as string) : ofOthers,
    ];
  },
  keyOf({ event }) {
    return types.includes(event.type) ? idOfIncident(event as AnyIncident) : undefined;
  },
  project(projected, current) {
    const event = projected.event as AnyIncident;
    switch (event.type) {
      case 'approval.incident-raised':
        return raisedByApproval(event, projected, current);
      case 'approval.incident-resolved': {
        const resolution = { resolution: event.data.resolution };
        return { ...present(current, projected), ...resolved(projected), resolution };
      }
      case 'workflow.incident-raised':
      case 'workflow.incident-resolved':
        return ofWorkflow(event, projected, current);
      case 'incident.raised':
      case 'incident.resolved':
        return ofMessage(event, projected, current);
    }
  },
};

/** An approval has one incident of a code at a time, which is raised again when it comes back. */
const ofApproval = (approvalId: string, code: string): string =>
  derivedId('approval-incident', approvalId, code);

function idOfIncident(event: AnyIncident): string {
  if (event.type === 'approval.incident-raised' || event.type === 'approval.incident-resolved') {
    return ofApproval(event.data.approvalId, event.data.code);
  }
  return event.data.incidentId;
}

function raisedByApproval(
  { data }: Extract<ApprovalIncident, { type: 'approval.incident-raised' }>,
  { stored }: ProjectedEvent,
  current: Row | undefined,
): Row {
  const { approvalId, workflowId, businessKey, scope, code, message } = data;
  return {
    incident_id: ofApproval(approvalId, code),
    code,
    message,
    ...open(stored.metadata.recordedAt, current),
    kind: 'approval',
    workflow_id: workflowId ?? null,
    business_key: businessKey ?? null,
    trigger: null,
    source: { approvalId },
    scope: scope ?? null,
  };
}

function ofWorkflow(
  event: WorkflowIncident,
  projected: ProjectedEvent,
  current: Row | undefined,
): Row {
  const { workflowId, businessKey, state, scope } = event.data;
  return {
    ...common(event, projected, current),
    kind: 'workflow',
    workflow_id: workflowId,
    business_key: businessKey ?? null,
    trigger: null,
    source: { state },
    scope: scope ?? null,
  };
}

function ofMessage(event: IncidentEvent, projected: ProjectedEvent, current: Row | undefined): Row {
  const { kind, trigger, source, deadLetter } = event.data;
  return {
    ...common(event, projected, current),
    kind,
    workflow_id: null,
    business_key: null,
    trigger: trigger ?? null,
    source: { ...source, ...(deadLetter === undefined ? {} : { deadLetter }) },
    scope: null,
    ...(event.type === 'incident.resolved' ? { resolution: resolutionOf(event) } : {}),
  };
}

function common(
  { type, data }: IncidentEvent | WorkflowIncident,
  projected: ProjectedEvent,
  current: Row | undefined,
) {
  const { incidentId: incident_id, code, message, raisedAt } = data;
  const at = raisedAt ?? projected.stored.metadata.recordedAt;
  const isResolved = type === 'incident.resolved' || type === 'workflow.incident-resolved';
  return {
    incident_id,
    code,
    message,
    ...open(at, current),
    ...(isResolved
      ? { last_failed_at: current?.last_failed_at ?? at, ...resolved(projected) }
      : {}),
  };
}

/** @param current the row when it was raised before */
const open = (at: string, current: Row | undefined) => ({
  status: 'OPEN',
  created_at: current?.created_at ?? at,
  last_failed_at: at,
  resolved_at: null,
  resolved_by: null,
  resolution: null,
});

function resolved({ stored }: ProjectedEvent) {
  const { actor, recordedAt } = stored.metadata;
  return { status: 'RESOLVED', resolved_at: recordedAt, resolved_by: actor };
}

function resolutionOf({ data }: Extract<IncidentEvent, { type: 'incident.resolved' }>): JsonObject {
  const { resolution, outcomes } = data;
  return { resolution, outcomes: outcomes as readonly object[] as JsonObject[] };
}
