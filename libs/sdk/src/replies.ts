import { ApprovalStatus, JsonRecord, QuorumState } from '@countersign/contracts';
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
  quorum: QuorumState.optional(),
});
export type Approval = z.infer<typeof Approval>;

export const ApprovalPage = z.object({
  items: z.array(Approval),
  nextCursor: z.string().nullable(),
});

/** Figures, see the API's description. */
export const Report = z.looseObject({});
