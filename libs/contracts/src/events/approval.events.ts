import { ApprovalPolicy } from '@countersign/state-machine';
import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { BusinessKey, Id, JsonRecord, Reason, Sha256 } from '../scalars.js';

const approval = {
  approvalId: Id,
  /** The instance that waits for it; absent when a bulk job does. */
  workflowId: Id.optional(),
  bulkJobId: Id.optional(),
  template: z.string(),
  businessKey: BusinessKey.optional(),
  /** What decides who may see it, such as a desk. */
  scope: z.string().optional(),
};

/** An approval is open. */
export const ApprovalRequested = defineEvent('approval.requested', {
  ...approval,
  requester: z.string(),
  /** Those who made the subject what it is; like the requester they may not decide. */
  editors: z.array(z.string()),
  policy: ApprovalPolicy,
  /** Approvals by different people that grant it. */
  required: z.int().nonnegative(),
  subject: JsonRecord,
  subjectHash: Sha256,
});

/** One person's vote. `qualifiedBy` is the rule of the policy that made the person eligible. */
export const ApprovalDecisionRecorded = defineEvent('approval.decision-recorded', {
  ...approval,
  decisionId: Id,
  approver: z.string(),
  action: z.enum(['approve', 'reject']),
  reason: Reason,
  subjectHash: Sha256,
  qualifiedBy: z.string(),
});

/** The outcome, published once: the quorum is reached. */
export const ApprovalGranted = defineEvent('approval.granted', {
  ...approval,
  /** Those who approved, in order; empty for level AUTO. */
  approvers: z.array(z.string()),
  level: z.string(),
  subjectHash: Sha256,
});

/** The outcome, published once: the policy's rejection rule is met. */
export const ApprovalRejected = defineEvent('approval.rejected', {
  ...approval,
  rejectedBy: z.string(),
  reason: z.string(),
  subjectHash: Sha256,
});

/** No longer needed: the workflow that asked was cancelled. */
export const ApprovalWithdrawn = defineEvent('approval.withdrawn', {
  ...approval,
  reason: z.string(),
});

export const approvalEvents = [
  ApprovalRequested,
  ApprovalDecisionRecorded,
  ApprovalGranted,
  ApprovalRejected,
  ApprovalWithdrawn,
] as const;
export type ApprovalEvent = EventOf<typeof approvalEvents>;
