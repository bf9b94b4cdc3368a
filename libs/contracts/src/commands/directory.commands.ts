import { Directory } from '@countersign/state-machine';
import { z } from 'zod';

import { DelegationScope } from '../delegation.js';
import { Id, Position, Reason } from '../scalars.js';
import { defineCommand } from './command-type.js';

const Revision = z.int().nonnegative();

/** The directory as it is. */
export const GetDirectory = defineCommand(
  'approval',
  'get-directory',
  z.strictObject({}),
  Directory.safeExtend({
    /** Of people and calendars: what `If-Match` has to name. */
    revision: Revision,
  }),
);

/** Replaces people and calendars; who is left out has left. */
export const ReplaceDirectory = defineCommand(
  'approval',
  'replace-directory',
  z.strictObject({ directory: Directory, expectedRevision: Revision }),
  z.object({
    revision: Revision,
    changed: z.int().nonnegative(),
    removed: z.int().nonnegative(),
    position: Position,
  }),
);

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

/** Those that somebody gave or was given. Another's takes an administrator. */
export const ListDelegations = defineCommand(
  'approval',
  'list-delegations',
  z.strictObject({
    person: z.string().min(1).max(200).optional(),
    status: z.enum(['PLANNED', 'ACTIVE', 'ENDED']).optional(),
  }),
  z.object({ items: z.array(Delegation) }),
);
