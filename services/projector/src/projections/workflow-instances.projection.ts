import type { WorkflowEvent } from '@countersign/contracts';

import { present, type ProjectedEvent, type Projection, type RowOf } from './projection.js';

type Row = RowOf<'workflow_instances'>;

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
    return { ...row, ...change(event, row, projected), revision: stored.revision, updated_at: at };
  },
};

function started({ event, stored }: ProjectedEvent): Row {
  const { data } = event as Extract<WorkflowEvent, { type: 'workflow.started' }>;
  const { recordedAt, actor } = stored.metadata;
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
    started_by: actor,
    scope: data.scope ?? null,
    revision: stored.revision,
    created_at: recordedAt,
    updated_at: recordedAt,
    ended_at: null,
  };
}

function change(event: WorkflowEvent, row: Row, { stored }: ProjectedEvent): Partial<Row> {
  const at = stored.metadata.recordedAt;
  switch (event.type) {
    case 'workflow.activated':
    case 'workflow.resumed':
      return { status: 'ACTIVE' };
    case 'workflow.paused':
      return { status: 'PAUSED' };
    case 'workflow.transition-requested': {
      const { event: name, from, to, sequence, approvalId, requester } = event.data;
      const pending = { event: name, from, to, sequence, approvalId, requester, requestedAt: at };
      return { pending_transition: pending };
    }
    case 'workflow.approval-outcome-deferred':
      return {
        pending_transition: { ...row.pending_transition, approvalOutcome: event.data.outcome },
      };
    case 'workflow.transition-rejected':
      return { pending_transition: null };
    case 'workflow.transitioned':
      return { state: event.data.to, pending_transition: null };
    case 'workflow.completed':
      return { status: 'COMPLETED', ended_at: at };
    case 'workflow.failed':
      return { status: 'FAILED', ended_at: at };
    case 'workflow.cancelled':
      return { status: 'CANCELLED', pending_transition: null, ended_at: at };
    case 'workflow.started':
    case 'workflow.incident-raised':
    case 'workflow.start-abandoned':
      return {};
  }
}
