import type { DecisionJobEvent } from '@countersign/contracts';

import type { Projection, RowOf } from './projection.js';

type Row = RowOf<'decision_job_items'>;

/** What became of each approval of a job of many decisions. */
export const decisionJobItems: Projection<'decision_job_items'> = {
  table: 'decision_job_items',
  key: ['job_id', 'approval_id'],
  categories: ['decisionjob'],
  folds: false,
  rowsOf({ event: projected, stored }) {
    const event = projected as DecisionJobEvent;
    return itemsOf(event, stored.metadata.recordedAt).map((row) => [
      `${row.job_id}/${row.approval_id}`,
      row,
    ]);
  },
};

function itemsOf(event: DecisionJobEvent, at: string): Row[] {
  const { jobId: job_id } = event.data;
  switch (event.type) {
    case 'decisionjob.created':
      return event.data.items.map(({ approvalId: approval_id }) => ({
        job_id,
        approval_id,
        result: 'pending',
        code: null,
        message: null,
        processed_at: null,
      }));
    case 'decisionjob.items-processed':
      return event.data.results.map(({ approvalId, result, code = null, message = null }) => ({
        job_id,
        approval_id: approvalId,
        result,
        code,
        message,
        processed_at: at,
      }));
    case 'decisionjob.ended':
      return [];
  }
}
