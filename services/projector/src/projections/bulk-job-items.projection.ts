import type { BulkJobEvent } from '@countersign/contracts';

import type { Projection, RowOf } from './projection.js';

type Row = RowOf<'bulk_job_items'>;

/** What became of each instance of a bulk job. */
export const bulkJobItems: Projection<'bulk_job_items'> = {
  table: 'bulk_job_items',
  key: ['job_id', 'workflow_id'],
  categories: ['bulkjob'],
  folds: false,
  rowsOf({ event: projected, stored }) {
    const event = projected as BulkJobEvent;
    return itemsOf(event, stored.metadata.recordedAt).map((row) => [
      `${row.job_id}/${row.workflow_id}`,
      row,
    ]);
  },
};

function itemsOf(event: BulkJobEvent, at: string): Row[] {
  const { jobId: job_id } = event.data;
  switch (event.type) {
    case 'bulkjob.items-listed':
      return event.data.workflowIds.map((workflow_id) => ({
        job_id,
        workflow_id,
        result: 'pending',
        code: null,
        message: null,
        processed_at: null,
      }));
    case 'bulkjob.items-processed':
      return event.data.results.map(({ workflowId, result, code = null, message = null }) => ({
        job_id,
        workflow_id: workflowId,
        result,
        code,
        message,
        processed_at: at,
      }));
    case 'bulkjob.created':
    case 'bulkjob.approval-requested':
    case 'bulkjob.approved':
    case 'bulkjob.stop-requested':
    case 'bulkjob.ended':
      return [];
  }
}
