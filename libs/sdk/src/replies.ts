import { ApprovalStatus, Delegation, JsonRecord, QuorumState } from '@countersign/contracts';
import { Directory } from '@countersign/state-machine';
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

export const DelegationList = z.object({ items: z.array(Delegation) });

/** With what `replaceDirectory` has to name. */
export const DirectoryReply = Directory.safeExtend({ revision: z.int().nonnegative() });

/** Figures, see the API's description. */
export const Report = z.looseObject({});
