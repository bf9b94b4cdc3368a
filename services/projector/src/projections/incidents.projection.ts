import type { IncidentEvent, WorkflowEvent } from '@countersign/contracts';
import type { JsonObject } from '@countersign/kernel';

import type { Projection } from './projection.js';

type WorkflowIncident = Extract<
  WorkflowEvent,
  { type: 'workflow.incident-raised' | 'workflow.incident-resolved' }
>;
type AnyIncident = IncidentEvent | WorkflowIncident;

const resolving = ['incident.resolved', 'workflow.incident-resolved'];
const types = ['incident.raised', 'workflow.incident-raised', ...resolving];

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
    const resolved = resolving.includes(event.type);
    const common = {
      incident_id: event.data.incidentId,
      status: resolved ? 'RESOLVED' : 'OPEN',
      code: event.data.code,
      message: event.data.message,
      created_at: event.data.raisedAt ?? recordedAt,
      resolved_at: resolved ? recordedAt : null,
      resolved_by: resolved ? actor : null,
      resolution: null,
    };
    if (event.type === 'incident.raised' || event.type === 'incident.resolved') {
      const { kind, trigger, source, deadLetter } = event.data;
      return {
        ...common,
        kind,
        workflow_id: null,
        business_key: null,
        trigger: trigger ?? null,
        source: { ...source, ...(deadLetter === undefined ? {} : { deadLetter }) },
        scope: null,
        ...(event.type === 'incident.resolved' ? { resolution: resolutionOf(event) } : {}),
      };
    }
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
  },
};

function resolutionOf({ data }: Extract<IncidentEvent, { type: 'incident.resolved' }>): JsonObject {
  const { resolution, outcomes } = data;
  return { resolution, outcomes: outcomes as readonly object[] as JsonObject[] };
}
