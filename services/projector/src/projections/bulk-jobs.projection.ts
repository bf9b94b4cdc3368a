import type { BulkJobEvent } from '@countersign/contracts';
import type { JsonObject } from '@countersign/kernel';

import { present, type ProjectedEvent, type Projection, type RowOf } from './projection.js';

type Row = RowOf<'bulk_jobs'>;

/** Every bulk job, with how far it is. */
export const bulkJobs: Projection<'bulk_jobs'> = {
  table: 'bulk_jobs',
  key: ['job_id'],
  categories: ['bulkjob'],
  folds: true,
  keyOf: ({ event }) => (event as BulkJobEvent).data.jobId,
  project(projected, current) {
    const { stored } = projected;
    const event = projected.event as BulkJobEvent;
    const at = stored.metadata.recordedAt;
    const row = event.type === 'bulkjob.created' ? created(projected) : present(current, projected);
    return { ...row, ...change(event, at), revision: stored.revision, updated_at: at };
  },
};

function created({ event, stored }: ProjectedEvent): Row {
  const { data } = event as Extract<BulkJobEvent, { type: 'bulkjob.created' }>;
  const { recordedAt } = stored.metadata;
  return {
    job_id: data.jobId,
    action: data.action,
    query: data.query as JsonObject,
    reason: data.reason,
    requested_by: data.requestedBy,
    status: 'RUNNING',
    count: data.count,
    done: 0,
    skipped: 0,
    refused: 0,
    items_hash: data.itemsHash,
    migration: data.migration ?? null,
    approval_id: null,
    approvers: [],
    ended_reason: null,
    revision: stored.revision,
    created_at: recordedAt,
    updated_at: recordedAt,
    ended_at: null,
  };
}

function change(event: BulkJobEvent, at: string): Partial<Row> {
  switch (event.type) {
    case 'bulkjob.approval-requested':
      return { status: 'AWAITING_APPROVAL', approval_id: event.data.approvalId };
    case 'bulkjob.approved':
      return { status: 'RUNNING', approvers: event.data.approvers };
    case 'bulkjob.items-processed':
      return event.data.counts;
    case 'bulkjob.stop-requested':
      return { status: 'STOPPING', ended_reason: event.data.reason };
    case 'bulkjob.ended': {
      const { outcome, reason = null } = event.data;
      return { status: outcome.toUpperCase(), ended_reason: reason, ended_at: at };
    }
    case 'bulkjob.created':
    case 'bulkjob.items-listed':
      return {};
  }
}
