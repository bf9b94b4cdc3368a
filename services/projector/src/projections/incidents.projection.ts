import type { IncidentEvent, WorkflowEvent } from '@countersign/contracts';
import type { JsonObject } from '@countersign/kernel';

import type { Projection } from './projection.js';

type WorkflowIncident = Extract<WorkflowEvent, { type: 'workflow.incident-raised' }>;
type AnyIncident = IncidentEvent | WorkflowIncident;

const types = ['incident.raised', 'incident.resolved', 'workflow.incident-raised'];

/** Everything that needs a person, from messages and workflows alike. */
export const incidents: Projection<'incidents'> = {
  table: 'incidents',
  key: ['incident_id'],
  categories: ['incident', 'workflow'],
  folds: false,
  keyOf: ({ event }) =>
    types.includes(event.type) ? (event as AnyIncident).data.incidentId : undefined,
  project({ event: projected, stored }) {
    const event = projected as AnyIncident;
    const { actor, recordedAt } = stored.metadata;
    const resolved = event.type === 'incident.resolved';
    const common = {
      incident_id: event.data.incidentId,
      status: resolved ? 'RESOLVED' : 'OPEN',
      code: event.data.code,
      message: event.data.message,
      created_at: recordedAt,
      resolved_at: resolved ? recordedAt : null,
      resolved_by: resolved ? actor : null,
      resolution: null,
    };
    if (event.type === 'workflow.incident-raised') {
      const { workflowId, businessKey, state, scope } = event.data;
      return {
        ...common,
        kind: 'workflow',
        workflow_id: workflowId,
        business_key: businessKey ?? null,
        trigger: null,
        source: { state },
        scope: scope ?? null,
      };
    }
    const { kind, trigger, source, deadLetter, raisedAt } = event.data;
    return {
      ...common,
      kind,
      workflow_id: null,
      business_key: null,
      trigger: trigger ?? null,
      source: { ...source, ...(deadLetter === undefined ? {} : { deadLetter }) },
      scope: null,
      created_at: raisedAt ?? recordedAt,
      ...(event.type === 'incident.resolved' ? { resolution: resolutionOf(event) } : {}),
    };
  },
};

function resolutionOf({ data }: Extract<IncidentEvent, { type: 'incident.resolved' }>): JsonObject {
  const { resolution, outcomes } = data;
  return { resolution, outcomes: outcomes as readonly object[] as JsonObject[] };
}
