import type { ApprovalEvent } from '@countersign/contracts';
import { approverSets, levelOf } from '@countersign/state-machine';

import { present, type ProjectedEvent, type Projection, type RowOf } from './projection.js';

type Row = RowOf<'approval_requests'>;

export const approvalRequests: Projection<'approval_requests'> = {
  table: 'approval_requests',
  key: ['approval_id'],
  categories: ['approval'],
  folds: true,
  keyOf: ({ event }) => (event as ApprovalEvent).data.approvalId,
  project(projected, current) {
    const { stored } = projected;
    const event = projected.event as ApprovalEvent;
    const at = stored.metadata.recordedAt;
    const row =
      event.type === 'approval.requested' ? requested(projected) : present(current, projected);
    return { ...row, ...change(event, row, at), revision: stored.revision, updated_at: at };
  },
};

function requested({ event, stored }: ProjectedEvent): Row {
  const { data } = event as Extract<ApprovalEvent, { type: 'approval.requested' }>;
  const { people, roles, groups } = approverSets(data.policy.approvers);
  const { recordedAt } = stored.metadata;
  return {
    approval_id: data.approvalId,
    workflow_id: data.workflowId ?? null,
    bulk_job_id: data.bulkJobId ?? null,
    template: data.template,
    business_key: data.businessKey ?? null,
    requester: data.requester,
    editors: data.editors,
    status: 'PENDING',
    level: levelOf(data.policy),
    required: data.required,
    policy: data.policy,
    approver_people: [...people],
    approver_roles: [...roles],
    approver_groups: [...groups],
    voters: [],
    subject: data.subject,
    subject_hash: data.subjectHash,
    scope: data.scope ?? null,
    revision: stored.revision,
    created_at: recordedAt,
    updated_at: recordedAt,
    ended_at: null,
  };
}

function change(event: ApprovalEvent, row: Row, at: string): Partial<Row> {
  switch (event.type) {
    case 'approval.requested':
      return {};
    case 'approval.decision-recorded':
      return { voters: [...row.voters, event.data.approver] };
    case 'approval.granted':
      return { status: 'APPROVED', ended_at: at };
    case 'approval.rejected':
      return { status: 'REJECTED', ended_at: at };
    case 'approval.withdrawn':
      return { status: 'WITHDRAWN', ended_at: at };
  }
}
