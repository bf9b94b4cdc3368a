import type { BulkJobItemRow, BulkJobRow } from '@countersign/contracts';
import { invalid, notFound } from '@countersign/kernel';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

import { after, createdMicros, decodeCursor, type Page, toPage } from './cursor.js';
import { anyCase, paging, Text } from './parameters.js';
import type { ReadView } from './read-view.js';

export const BulkJobsParameters = z.strictObject({
  status: anyCase([
    'AWAITING_APPROVAL',
    'RUNNING',
    'STOPPING',
    'COMPLETED',
    'STOPPED',
    'REJECTED',
  ]).optional(),
  requestedBy: Text.optional().describe('`me`: those that the caller has asked for'),
  ...paging,
});

export const BulkJobItemsParameters = z.strictObject({
  result: z.enum(['pending', 'done', 'skipped', 'refused']).optional(),
  ...paging,
});

/** Bulk jobs: the list, one of them, and what became of its items. */
@Injectable()
export class BulkJobsQuery {
  async list(
    view: ReadView,
    { status, requestedBy, limit, cursor }: z.output<typeof BulkJobsParameters>,
  ): Promise<Page<object>> {
    let query = view.bulkJobs().selectAll().select(createdMicros.as('created_micros'));
    if (status !== undefined) query = query.where('status', '=', status);
    if (requestedBy !== undefined) {
      const who = requestedBy === 'me' ? view.caller.id : requestedBy;
      query = query.where('requested_by', '=', who);
    }
    if (cursor !== undefined) query = query.where(after(decodeCursor(cursor), 'job_id'));
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('job_id', 'desc')
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, (row) => row.job_id, toJob);
  }

  /** @throws AppError `bulk-job.not-found`. */
  async get(view: ReadView, jobId: string): Promise<object> {
    const row = await view.bulkJobs().selectAll().where('job_id', '=', jobId).executeTakeFirst();
    if (!row) throw notFound('bulk-job.not-found', 'there is no such job');
    return toJob(row);
  }

  /** In the order in which they are worked through: by id. @throws AppError `bulk-job.not-found`. */
  async items(
    view: ReadView,
    jobId: string,
    { result, limit, cursor }: z.output<typeof BulkJobItemsParameters>,
  ): Promise<Page<object>> {
    await this.get(view, jobId);
    let query = view.bulkJobItems().selectAll().where('job_id', '=', jobId);
    if (result !== undefined) query = query.where('result', '=', result);
    if (cursor !== undefined) query = query.where('workflow_id', '>', placeOf(cursor));
    const rows = await query
      .orderBy('workflow_id')
      .limit(limit + 1)
      .execute();
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const nextCursor = rows.length > limit && last ? last.workflow_id : null;
    return { items: shown.map(toItem), nextCursor };
  }
}

/** The cursor of items is the id of the last one. @throws AppError `query.bad-cursor`. */
function placeOf(cursor: string): string {
  const { success, data } = z.uuid().safeParse(cursor);
  if (success) return data;
  throw invalid('query.bad-cursor', 'not a cursor as a list gave it');
}

function toJob(row: BulkJobRow) {
  const { count, done, skipped, refused } = row;
  return {
    jobId: row.job_id,
    action: row.action,
    query: row.query,
    reason: row.reason,
    requestedBy: row.requested_by,
    status: row.status,
    count,
    results: { done, skipped, refused, pending: count - done - skipped - refused },
    itemsHash: row.items_hash,
    migration: row.migration,
    approvalId: row.approval_id,
    approvers: row.approvers,
    endedReason: row.ended_reason,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
  };
}

function toItem(row: BulkJobItemRow) {
  return {
    workflowId: row.workflow_id,
    result: row.result,
    code: row.code,
    message: row.message,
    processedAt: row.processed_at,
  };
}
