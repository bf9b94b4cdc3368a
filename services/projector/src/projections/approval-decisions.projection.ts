import type { ApprovalEvent } from '@countersign/contracts';

import { present, type Projection, type RowOf } from './projection.js';

type Row = RowOf<'approval_decisions'>;
type Recorded = Extract<ApprovalEvent, { type: 'approval.decision-recorded' }>;

/** Every decision, also those that count no more. */
export const approvalDecisions: Projection<'approval_decisions'> = {
  table: 'approval_decisions',
  key: ['decision_id'],
  categories: ['approval'],
  folds: true,
  keysOfStored({ type, data }) {
    if (type === 'approval.subject-changed') return data['voided'] as string[];
    if (type !== 'approval.decision-revoked') return [];
    return [data['decisionId'] as string, ...(data['voided'] as string[])];
  },
  rowsOf(projected, current) {
    const event = projected.event as ApprovalEvent;
    const { recordedAt } = projected.stored.metadata;
    const end = (status: string) => (decisionId: string) => {
      const row = present(current(decisionId), projected);
      return [decisionId, { ...row, status, void_at: recordedAt }] as const;
    };
    switch (event.type) {
      case 'approval.decision-recorded':
        return [[event.data.decisionId, recorded(event.data, recordedAt)]];
      case 'approval.subject-changed':
        return event.data.voided.map(end('VOID'));
      case 'approval.decision-revoked':
        return [end('REVOKED')(event.data.decisionId), ...event.data.voided.map(end('VOID'))];
      default:
        return [];
    }
  },
};

function recorded(data: Recorded['data'], at: string): Row {
  return {
    decision_id: data.decisionId,
    approval_id: data.approvalId,
    stage: data.stage ?? 0,
    approver: data.approver,
    on_behalf_of: data.onBehalfOf ?? null,
    delegations: data.delegations ?? [],
    action: data.action,
    reason: data.reason,
    qualified_by: data.qualifiedBy,
    signature: data.signature ?? null,
    subject: data.subject ?? null,
    subject_hash: data.subjectHash,
    status: 'COUNTED',
    void_at: null,
    at,
    scope: data.scope ?? null,
  };
}
