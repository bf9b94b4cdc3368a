import { BulkAction, BulkJobStatus, BulkQuery, Id, Name, Sha256 } from '@countersign/contracts';
import { z } from 'zod';

import { pageOf, Timestamp } from './parameters.js';

const count = z.int().nonnegative();

/** A bulk job, with how far it is. */
export const BulkJob = z.object({
  jobId: Id,
  action: BulkAction,
  query: BulkQuery,
  reason: z.string(),
  requestedBy: z.string(),
  status: BulkJobStatus,
  count: z.int().positive().describe('instances in its frozen list'),
  results: z
    .object({ done: count, skipped: count, refused: count, pending: count })
    .describe('instances by what became of them'),
  itemsHash: Sha256.describe('SHA-256 of the sorted ids, joined by line feeds'),
  migration: z
    .object({
      template: Name,
      fromVersions: z.array(z.int().positive()),
      templateVersion: z.int().positive(),
      definitionHash: Sha256,
      states: z.record(z.string(), z.string()),
    })
    .nullable(),
  approvalId: Id.nullable().describe('the approval of a migration as a whole'),
  approvers: z.array(z.string()).describe('who have agreed to it'),
  endedReason: z.string().nullable().describe('why it was stopped or rejected'),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  endedAt: Timestamp.nullable(),
});

const BulkJobItem = z.object({
  workflowId: Id,
  result: z
    .enum(['pending', 'done', 'skipped', 'refused'])
    .describe('`skipped`: there was nothing to do any more; `refused`: it could not be done'),
  code: z.string().nullable().describe('why, for programs'),
  message: z.string().nullable().describe('why, for people'),
  processedAt: Timestamp.nullable(),
});

export const BulkJobsPage = pageOf(BulkJob);
export const BulkJobItemsPage = pageOf(BulkJobItem);
