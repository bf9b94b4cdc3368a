import type { ApprovalEvent } from '@countersign/contracts';

import type { Projection } from './projection.js';

type DecisionRecorded = Extract<ApprovalEvent, { type: 'approval.decision-recorded' }>;

export const approvalDecisions: Projection<'approval_decisions'> = {
  table: 'approval_decisions',
  key: ['decision_id'],
  categories: ['approval'],
  folds: false,
  keyOf: ({ event }) =>
    event.type === 'approval.decision-recorded'
      ? (event as DecisionRecorded).data.decisionId
      : undefined,
  project({ event, stored }) {
    const { data } = event as DecisionRecorded;
    return {
      decision_id: data.decisionId,
      approval_id: data.approvalId,
      approver: data.approver,
      action: data.action,
      reason: data.reason,
      subject_hash: data.subjectHash,
      qualified_by: data.qualifiedBy,
      at: stored.metadata.recordedAt,
      scope: data.scope ?? null,
    };
  },
};
