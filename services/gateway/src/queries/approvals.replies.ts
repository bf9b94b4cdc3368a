import { Id, JsonRecord, Name, Sha256 } from '@countersign/contracts';
import { ApprovalPolicy } from '@countersign/state-machine';
import { z } from 'zod';

import { pageOf, Timestamp } from './parameters.js';

/** An approval in a list. */
export const ApprovalItem = z.object({
  approvalId: Id,
  workflowId: Id.nullable().describe('null for a bulk job'),
  bulkJobId: Id.nullable().describe('the bulk job that waits for it'),
  template: Name,
  businessKey: z.string().nullable(),
  requester: z.string().describe('who asked, and so may not decide'),
  status: z.enum(['PENDING', 'APPROVED', 'REJECTED', 'WITHDRAWN']),
  level: z.string().describe('SINGLE, DUAL, COMMITTEE or AUTO'),
  required: z.int().nonnegative().describe('how many different people have to approve'),
  approvals: z.int().nonnegative().describe('how many have'),
  subject: JsonRecord.describe('what is to be approved'),
  subjectHash: Sha256.describe('what a decision has to name'),
  scope: z.string().nullable().describe('what decides who may see it, such as a desk'),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  endedAt: Timestamp.nullable(),
});

const Vote = z.object({
  decisionId: Id,
  approver: z.string(),
  action: z.enum(['approve', 'reject']),
  reason: z.string(),
  at: Timestamp,
  qualifiedBy: z.string().describe('the rule of the policy that made the person eligible'),
});

/** One approval. */
export const ApprovalDetail = ApprovalItem.extend({
  policy: ApprovalPolicy,
  votes: z.array(Vote).describe('oldest first'),
});

export const ApprovalsPage = pageOf(ApprovalItem);
