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
    // The others say everything once more when they are resolved.
    if (type !== 'approval.incident-resolved') return [];
    return [ofApproval(idOf(stream), data['code'] as string)];
  },
  keyOf({ event }) {
    return types.includes(event.type) ? idOfIncident(event as AnyIncident) : undefined;
  },
  project(projected, current) {
    const event = projected.event as AnyIncident;
    switch (event.type) {
      case 'approval.incident-raised':
        return raisedByApproval(event, projected);
      case 'approval.incident-resolved': {
        const resolution = { resolution: event.data.resolution };
        return { ...present(current, projected), ...resolved(projected), resolution };
      }
      case 'workflow.incident-raised':
      case 'workflow.incident-resolved':
        return ofWorkflow(event, projected);
      case 'incident.raised':
      case 'incident.resolved':
        return ofMessage(event, projected);
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
): Row {
  const { approvalId, workflowId, businessKey, scope, code, message } = data;
  return {
    incident_id: ofApproval(approvalId, code),
    code,
    message,
    ...open(stored.metadata.recordedAt),
    kind: 'approval',
    workflow_id: workflowId ?? null,
    business_key: businessKey ?? null,
    trigger: null,
    source: { approvalId },
    scope: scope ?? null,
  };
}

function ofWorkflow(event: WorkflowIncident, projected: ProjectedEvent): Row {
  const { workflowId, businessKey, state, scope } = event.data;
  return {
    ...common(event, projected, event.type === 'workflow.incident-resolved'),
    kind: 'workflow',
    workflow_id: workflowId,
    business_key: businessKey ?? null,
    trigger: null,
    source: { state },
    scope: scope ?? null,
  };
}

function ofMessage(event: IncidentEvent, projected: ProjectedEvent): Row {
  const { kind, trigger, source, deadLetter } = event.data;
  return {
    ...common(event, projected, event.type === 'incident.resolved'),
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
  { data }: IncidentEvent | WorkflowIncident,
  projected: ProjectedEvent,
  isResolved: boolean,
) {
  const { incidentId: incident_id, code, message, raisedAt } = data;
  return {
    incident_id,
    code,
    message,
    ...open(raisedAt ?? projected.stored.metadata.recordedAt),
    ...(isResolved ? resolved(projected) : {}),
  };
}

const open = (since: string) => ({
  status: 'OPEN',
  created_at: since,
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
