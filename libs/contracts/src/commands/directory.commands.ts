import { z } from 'zod';

import { DelegationScope } from '../delegation.js';
import { Id, Position, Reason } from '../scalars.js';
import { defineCommand } from './command-type.js';

const Revision = z.int().nonnegative();

/** Replaces people and calendars; who is left out has left. */
export const ReplaceDirectory = {
  ...defineCommand(
    'approval',
    'replace-directory',
    z.strictObject({
      /** See `packDirectory`. */
      packed: z.base64().max(16 * 1024 * 1024),
      /** As `documentRevision` of the state says. */
      expectedRevision: Revision,
    }),
    z.object({
      revision: Revision,
      changed: z.int().nonnegative().describe('people who came or changed'),
      removed: z.int().nonnegative().describe('people who left'),
      position: Position,
    }),
  ),
  timeoutMs: 30_000,
};

export const DelegationBody = z.strictObject({
  to: z.string().min(1).max(200),
  /** Absent: the caller. Somebody else's takes an administrator. */
  from: z.string().min(1).max(200).optional(),
  /** Absent: now. */
  start: z.iso.datetime({ offset: true }).optional(),
  end: z.iso.datetime({ offset: true }),
  scope: DelegationScope.optional(),
  outOfOffice: z.boolean().default(false),
  reason: Reason,
});

export const Delegation = z.object({
  delegationId: Id,
  from: z.string(),
  to: z.string(),
  start: z.iso.datetime(),
  end: z.iso.datetime(),
  scope: DelegationScope.nullable(),
  outOfOffice: z.boolean(),
  reason: z.string(),
  createdBy: z.string(),
  status: z.enum(['PLANNED', 'ACTIVE', 'ENDED']),
  endedBy: z.string().nullable(),
});
export type Delegation = z.infer<typeof Delegation>;

export const CreateDelegation = defineCommand(
  'approval',
  'create-delegation',
  DelegationBody,
  Delegation.extend({ position: Position }),
);

export const EndDelegation = defineCommand(
  'approval',
  'end-delegation',
  z.strictObject({ delegationId: Id, reason: Reason.optional() }),
  z.object({ delegationId: Id, position: Position }),
);
