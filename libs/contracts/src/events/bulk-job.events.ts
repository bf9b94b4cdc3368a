import { z } from 'zod';

import { BulkAction, BulkQuery } from '../commands/bulk-job.commands.js';
import { defineEvent, type EventOf } from '../event-type.js';
import { Id, Name, Sha256 } from '../scalars.js';
import { approvalRequest } from './shared-members.js';

const job = { jobId: Id };

/** What became of an item. `skipped`: there was nothing to do; `refused`: it could not be done. */
const BulkResult = z.enum(['done', 'skipped', 'refused']);

/** How many items have which result so far. */
const counts = z.object({
  done: z.int().nonnegative(),
  skipped: z.int().nonnegative(),
  refused: z.int().nonnegative(),
});

/** Somebody has asked for the same change to many instances. Which ones is frozen: `items-listed` says it. */
export const BulkJobCreated = defineEvent('bulkjob.created', {
  ...job,
  action: BulkAction,
  query: BulkQuery,
  reason: z.string(),
  requestedBy: z.string(),
  count: z.int().positive(),
  /** SHA-256 of the sorted ids, joined by line feeds. */
  itemsHash: Sha256,
  /** A migration's. */
  migration: z
    .object({
      template: Name,
      fromVersions: z.array(z.int().positive()),
      templateVersion: z.int().positive(),
      definitionHash: Sha256,
      states: z.record(z.string(), z.string()),
    })
    .optional(),
});

/** A part of the frozen list, sorted: so many to an event that none becomes too large. */
export const BulkJobItemsListed = defineEvent('bulkjob.items-listed', {
  ...job,
  workflowIds: z.array(Id),
});

/** A second person has to agree to the job as a whole; the approval service opens the approval on seeing this. */
export const BulkJobApprovalRequested = defineEvent('bulkjob.approval-requested', {
  ...job,
  template: z.string(),
  ...approvalRequest,
});

export const BulkJobApproved = defineEvent('bulkjob.approved', {
  ...job,
  approvalId: Id,
  approvers: z.array(z.string()),
});

/** What became of some items. */
export const BulkJobItemsProcessed = defineEvent('bulkjob.items-processed', {
  ...job,
  results: z.array(
    z.object({
      workflowId: Id,
      result: BulkResult,
      code: z.string().optional(),
      message: z.string().optional(),
    }),
  ),
  /** With these. */
  counts,
});

/** No further item is begun; those under way are still recorded. */
export const BulkJobStopRequested = defineEvent('bulkjob.stop-requested', {
  ...job,
  reason: z.string(),
});

export const BulkJobEnded = defineEvent('bulkjob.ended', {
  ...job,
  outcome: z.enum(['completed', 'stopped', 'rejected']),
  reason: z.string().optional(),
  /** The approval that is no longer needed, if one was open. */
  approvalId: Id.optional(),
});

export const bulkJobEvents = [
  BulkJobCreated,
  BulkJobItemsListed,
  BulkJobApprovalRequested,
  BulkJobApproved,
  BulkJobItemsProcessed,
  BulkJobStopRequested,
  BulkJobEnded,
] as const;
export type BulkJobEvent = EventOf<typeof bulkJobEvents>;
