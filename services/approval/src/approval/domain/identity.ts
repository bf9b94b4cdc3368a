import type { DataOf, ExistingApproval } from './state.js';

/** What stands in every event of an approval. */
export type Identity = Pick<
  DataOf<'approval.requested'>,
  'approvalId' | 'workflowId' | 'bulkJobId' | 'template' | 'businessKey' | 'scope'
>;

export function identityOf({
  approvalId,
  workflowId,
  bulkJobId,
  template,
  businessKey,
  scope,
}: Identity): Identity {
  return {
    approvalId,
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(bulkJobId === undefined ? {} : { bulkJobId }),
    ...(template === undefined ? {} : { template }),
    ...(businessKey === undefined ? {} : { businessKey }),
    ...(scope === undefined ? {} : { scope }),
  };
}

/** What every outcome says: whoever hears of it can act without asking back. */
export function outcomeOf(state: ExistingApproval) {
  const { request, subject, subjectHash, votes } = state;
  return {
    ...identityOf(request),
    ...(request.adHoc === true ? { adHoc: true as const } : {}),
    requester: request.requester,
    ...(request.reason === undefined ? {} : { requestReason: request.reason }),
    subject,
    subjectHash,
    decisions: [...votes],
  };
}
