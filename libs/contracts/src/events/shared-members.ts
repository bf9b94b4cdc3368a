import { ApprovalPolicy } from '@countersign/state-machine/schemas';
import { z } from 'zod';

import { Id, JsonRecord, Sha256 } from '../scalars.js';

/** An approval that somebody asks for; the approval service opens it on seeing the event. */
export const approvalRequest = {
  approvalId: Id,
  requester: z.string(),
  /** Those who made the subject what it is; like the requester they may not decide. */
  editors: z.array(z.string()),
  policy: ApprovalPolicy,
  /** What approvers are shown, and its hash, to which their decisions bind. */
  subject: JsonRecord,
  subjectHash: Sha256,
};

/** A signal that waits for a transition. */
export const waitingSignal = {
  signalId: Id,
  name: z.string(),
  payload: JsonRecord,
  /** Absent in old ones. */
  sentAt: z.iso.datetime().optional(),
  expiresAt: z.iso.datetime(),
  /** Whose the payload is: editors of the instance once a transition takes the signal. */
  editors: z.array(z.string()).optional(),
  /** Who sent it, as verified then: what decides which transitions it may fire. Absent: the engine itself. */
  sender: z
    .object({ id: z.string(), roles: z.array(z.string()), groups: z.array(z.string()) })
    .optional(),
};
