import type { IncidentEvent, WorkflowEvent } from '@countersign/contracts';

import type { Projection } from './projection.js';

type WorkflowIncident = Extract<
  WorkflowEvent,
  { type: 'workflow.incident-raised' | 'workflow.incident-resolved' }
>;
type AnyIncident = IncidentEvent | WorkflowIncident;

/** Everything that needs a person, from messages and workflows alike. */
export const incidents: Projection<'incidents'> = {
  table: 'incidents',
  key: ['incident_id'],
  categories: ['incident', 'workflow'],
  folds: false,
  keyOf: ({ event }) =>
    event.type === 'incident.raised' ||
    event.type === 'workflow.incident-raised' ||
    event.type === 'workflow.incident-resolved'
      ? (event as AnyIncident).data.incidentId
      : undefined,
  project({ event: projected, stored }) {
    const event = projected as AnyIncident;
    const common = {
      incident_id: event.data.incidentId,
      status: 'OPEN',
      code: event.data.code,
      message: event.data.message,
      created_at: stored.metadata.recordedAt,
    };
    if (event.type === 'incident.raised') {
      const { kind, trigger, source, deadLetter } = event.data;
      return {
        ...common,
        kind,
        workflow_id: null,
        business_key: null,
        trigger: trigger ?? null,
        source: { ...source, deadLetter },
        scope: null,
      };
    }
    const { workflowId, businessKey, state, scope } = event.data;
    return {
      ...common,
      kind: 'workflow',
      status: event.type === 'workflow.incident-resolved' ? 'RESOLVED' : 'OPEN',
      created_at: event.data.raisedAt ?? common.created_at,
      workflow_id: workflowId,
      business_key: businessKey ?? null,
      trigger: null,
      source: { state },
      scope: scope ?? null,
    };
  },
};
