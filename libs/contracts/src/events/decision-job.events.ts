import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { Id, RecordedReason, Sha256 } from '../scalars.js';

/** What became of one approval of a job. */
export const DecisionJobResult = z.object({
  approvalId: Id,
  result: z.enum(['decided', 'refused']),
  /** Of the refusal. */
  code: z.string().optional(),
  message: z.string().optional(),
});

/** Somebody decides many approvals in the same way. The list is frozen. */
export const DecisionJobCreated = defineEvent('decisionjob.created', {
  jobId: Id,
  requester: z.string(),
  /** As the identity was verified when the job was asked for; each decision is checked on its own. */
  identity: z.object({
    login: z.string().optional(),
    roles: z.array(z.string()),
    groups: z.array(z.string()),
    authMethod: z.string(),
    authenticatedAt: z.iso.datetime().optional(),
  }),
  action: z.enum(['approve', 'reject', 'abstain']),
  reason: RecordedReason,
  onBehalfOf: z.string().optional(),
  items: z.array(z.object({ approvalId: Id, subjectHash: Sha256 })),
});

export const DecisionJobItemsProcessed = defineEvent('decisionjob.items-processed', {
  jobId: Id,
  results: z.array(DecisionJobResult),
});

export const DecisionJobEnded = defineEvent('decisionjob.ended', {
  jobId: Id,
  decided: z.int().nonnegative(),
  refused: z.int().nonnegative(),
});

export const decisionJobEvents = [
  DecisionJobCreated,
  DecisionJobItemsProcessed,
  DecisionJobEnded,
] as const;
export type DecisionJobEvent = EventOf<typeof decisionJobEvents>;
