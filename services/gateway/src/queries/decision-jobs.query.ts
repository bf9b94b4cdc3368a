import { type DecisionJobItemRow, type DecisionJobRow, Id } from '@countersign/contracts';
import { notFound } from '@countersign/kernel';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

import { after, createdMicros, decodeCursor, type Page, toPage } from './cursor.js';
import { anyCase, pageOf, paging, Timestamp } from './parameters.js';
import type { ReadView } from './read-view.js';

const Count = z.int().nonnegative();

/** A job of many decisions, with how far it is. */
const DecisionJob = z.object({
  jobId: Id,
  requester: z.string(),
  action: z.enum(['approve', 'reject', 'abstain']),
  reason: z.string(),
  onBehalfOf: z.string().nullable(),
  status: z.enum(['RUNNING', 'COMPLETED']),
  count: Count.describe('how many approvals it is about'),
  results: z.object({ decided: Count, refused: Count, pending: Count }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  endedAt: Timestamp.nullable(),
});

export const DecisionJobsPage = pageOf(DecisionJob);

/** One of them, with what became of each decision. */
export const DecisionJobDetail = DecisionJob.extend({
  items: z
    .array(
      z.object({
        approvalId: Id,
        result: z.enum(['pending', 'decided', 'refused']),
        code: z.string().nullable().describe('of the refusal, as of a single decision'),
        message: z.string().nullable(),
        processedAt: Timestamp.nullable(),
      }),
    )
    .describe('by id'),
});

export const DecisionJobsParameters = z.strictObject({
  status: anyCase(['RUNNING', 'COMPLETED']).optional(),
  ...paging,
});

/** Jobs of many decisions. */
@Injectable()
export class DecisionJobsQuery {
  /** The caller's own, also of those who see everything. */
  async list(
    view: ReadView,
    { status, limit, cursor }: z.output<typeof DecisionJobsParameters>,
  ): Promise<Page<object>> {
    let query = view
      .decisionJobs()
      .selectAll()
      .select(createdMicros.as('created_micros'))
      .where('requester', '=', view.caller.id);
    if (status !== undefined) query = query.where('status', '=', status);
    if (cursor !== undefined) query = query.where(after(decodeCursor(cursor), 'job_id'));
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('job_id', 'desc')
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, (row) => row.job_id, toJob);
  }

  /** @throws AppError `decision-job.not-found`. */
  async get(view: ReadView, jobId: string): Promise<object> {
    const job = await view
      .decisionJobs()
      .selectAll()
      .where('job_id', '=', jobId)
      .executeTakeFirst();
    if (!job) throw notFound('decision-job.not-found', 'there is no such job');
    const items = await view
      .decisionJobItems()
      .selectAll()
      .where('job_id', '=', jobId)
      .orderBy('approval_id')
      .execute();
    return { ...toJob(job), items: items.map(toItem) };
  }
}

function toJob(row: DecisionJobRow) {
  const { count, decided, refused } = row;
  return {
    jobId: row.job_id,
    requester: row.requester,
    action: row.action,
    reason: row.reason,
    onBehalfOf: row.on_behalf_of,
    status: row.status,
    count,
    results: { decided, refused, pending: count - decided - refused },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
  };
}

function toItem(row: DecisionJobItemRow) {
  return {
    approvalId: row.approval_id,
    result: row.result,
    code: row.code,
    message: row.message,
    processedAt: row.processed_at,
  };
}
