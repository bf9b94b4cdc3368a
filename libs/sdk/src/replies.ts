import { ApprovalStatus, Delegation, JsonRecord, QuorumState } from '@countersign/contracts';
import { Directory } from '@countersign/state-machine/schemas';
import { z } from 'zod';

/** An approval as reads show it. What else the server says is kept as it is. */
export const Approval = z.looseObject({
  approvalId: z.string(),
  workflowId: z.string().nullish(),
  status: ApprovalStatus,
  requester: z.string(),
  subject: JsonRecord,
  /** What a decision has to name. */
  subjectHash: z.string(),
  /** Of the stage that is open, or was last. */
  quorum: QuorumState,
  /** In lists by approver: for whom that person can decide it, themselves or others (`onBehalfOf`). */
  decidableFor: z.array(z.string()).optional(),
});
export type Approval = z.infer<typeof Approval>;

export const ApprovalPage = z.object({
  items: z.array(Approval),
  nextCursor: z.string().nullable(),
});

const Count = z.int().nonnegative();

/** A job of many decisions, and how far it is. */
export const BulkDecisionJob = z.looseObject({
  jobId: z.string(),
  requester: z.string(),
  action: z.enum(['approve', 'reject', 'abstain']),
  status: z.enum(['RUNNING', 'COMPLETED']),
  count: Count,
  results: z.object({ decided: Count, refused: Count, pending: Count }),
});
export type BulkDecisionJob = z.infer<typeof BulkDecisionJob>;

export const BulkDecisionDetail = BulkDecisionJob.extend({
  items: z.array(
    z.looseObject({
      approvalId: z.string(),
      result: z.enum(['pending', 'decided', 'refused']),
      /** Of the refusal, such as `approval.stale-subject`. */
      code: z.string().nullable(),
      message: z.string().nullable(),
    }),
  ),
});
export type BulkDecisionDetail = z.infer<typeof BulkDecisionDetail>;

export const BulkDecisionPage = z.object({
  items: z.array(BulkDecisionJob),
  nextCursor: z.string().nullable(),
});

export const DelegationList = z.object({ items: z.array(Delegation) });

/** With what `replaceDirectory` has to name. */
export const DirectoryReply = Directory.safeExtend({ revision: z.int().nonnegative() });

/** Figures, see the API's description. */
export const Report = z.looseObject({});
