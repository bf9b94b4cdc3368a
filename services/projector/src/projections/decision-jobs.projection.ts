import type { DecisionJobEvent } from '@countersign/contracts';

import { present, type ProjectedEvent, type Projection, type RowOf } from './projection.js';

type Row = RowOf<'decision_jobs'>;

/** Every job of many decisions, with how far it is. */
export const decisionJobs: Projection<'decision_jobs'> = {
  table: 'decision_jobs',
  key: ['job_id'],
  categories: ['decisionjob'],
  folds: true,
  keyOf: ({ event }) => (event as DecisionJobEvent).data.jobId,
  project(projected, current) {
    const { revision, metadata } = projected.stored;
    const event = projected.event as DecisionJobEvent;
    const at = metadata.recordedAt;
    const row =
      event.type === 'decisionjob.created' ? created(projected) : present(current, projected);
    return { ...row, ...change(event, row, at), revision, updated_at: at };
  },
};

function created({ event, stored }: ProjectedEvent): Row {
  const { data } = event as Extract<DecisionJobEvent, { type: 'decisionjob.created' }>;
  const { recordedAt } = stored.metadata;
  return {
    job_id: data.jobId,
    requester: data.requester,
    action: data.action,
    reason: data.reason,
    on_behalf_of: data.onBehalfOf ?? null,
    status: 'RUNNING',
    count: data.items.length,
    decided: 0,
    refused: 0,
    revision: stored.revision,
    created_at: recordedAt,
    updated_at: recordedAt,
    ended_at: null,
  };
}

function change(event: DecisionJobEvent, { decided, refused }: Row, at: string): Partial<Row> {
  switch (event.type) {
    case 'decisionjob.created':
      return {};
    case 'decisionjob.items-processed': {
      const { results } = event.data;
      const more = results.filter(({ result }) => result === 'decided').length;
      return { decided: decided + more, refused: refused + results.length - more };
    }
    case 'decisionjob.ended': {
      const { decided, refused } = event.data;
      return { status: 'COMPLETED', decided, refused, ended_at: at };
    }
  }
}
