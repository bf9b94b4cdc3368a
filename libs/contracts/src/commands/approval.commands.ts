import { z } from 'zod';

import { Id, Position, Reason, Sha256 } from '../scalars.js';
import { defineCommand } from './command-type.js';

export const DecisionBody = z.strictObject({
  action: z.enum(['approve', 'reject']),
  reason: Reason,
  /** Hash of the subject that the approver was shown. */
  subjectHash: Sha256,
});

export const DecideApproval = defineCommand(
  'approval',
  'decide',
  DecisionBody.extend({ approvalId: Id }),
  z.object({
    approvalId: Id,
    decisionId: Id,
    status: z.string(),
    /** Approvals counted so far, and how many grant it. */
    approvals: z.int().nonnegative(),
    required: z.int().nonnegative(),
    position: Position,
  }),
);
