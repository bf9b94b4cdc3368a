import { type BulkJobEvent, MAX_BULK_ITEMS } from '@countersign/contracts';
import {
  type Actor,
  ADMINISTRATORS,
  forbidden,
  hashOf,
  isAdministrator,
  notFound,
  rule,
  sha256,
} from '@countersign/kernel';
import type { ApprovalPolicy, Organisation } from '@countersign/state-machine';

import {
  bulkJobAggregate,
  type BulkJobState,
  type Counts,
  type ExistingBulkJob,
  type ItemResult,
  remainingItems,
} from './state.js';

type Events = readonly BulkJobEvent[];
type Created = Extract<BulkJobEvent, { type: 'bulkjob.created' }>['data'];

/** Ids in one event: some 40 kB. */
const IDS_IN_AN_EVENT = 1_000;
/** What is kept of why an item could not be done, in characters. */
const MAX_MESSAGE = 500;

export interface BulkJobRequest extends Pick<Created, 'jobId' | 'action' | 'query' | 'reason'> {
  /** How many instances whoever asks believes that there are. */
  readonly expectedCount: number;
  /** The instances that there are, of which one more than may be at most is enough. */
  readonly workflowIds: readonly string[];
  /** A migration's: to where, and who has to agree. */
  readonly migration?: NonNullable<Created['migration']> & {
    readonly approvalId: string;
    readonly policy: ApprovalPolicy;
    /** Those who started the instances, and so may not decide. */
    readonly starters: readonly string[];
  };
}

/** @throws AppError `bulk-job.admins-only` */
export function mayRequest(action: Created['action'], actor: Pick<Actor, 'groups'>): void {
  // A migration is agreed to by others.
  if (action === 'migrate' || isAdministrator(actor)) return;
  throw forbidden('bulk-job.admins-only', `this takes a member of the group ${ADMINISTRATORS}`);
}

/**
 * Freezes a list of instances to be changed; a migration waits for one approval of the whole.
 *
 * @throws AppError `bulk-job.admins-only`, `bulk-job.too-many`, `bulk-job.count-differs`
 */
export function createBulkJob(state: BulkJobState, request: BulkJobRequest, actor: Actor): Events {
  if (state.kind === 'existing') return [];
  const { jobId, action, query, reason, expectedCount } = request;
  mayRequest(action, actor);
  const workflowIds = [...request.workflowIds].sort();
  const count = workflowIds.length;
  if (count > MAX_BULK_ITEMS) {
    const message = `more than ${MAX_BULK_ITEMS} instances are too many for one job: narrow the query`;
    throw rule('bulk-job.too-many', message, { details: { max: MAX_BULK_ITEMS } });
  }
  if (count !== expectedCount) {
    const message = `there are ${count} instances, not ${expectedCount}: look again`;
    throw rule('bulk-job.count-differs', message, { details: { count, expectedCount } });
  }
  const itemsHash = sha256(workflowIds.join('\n'));
  const common = { jobId, action, query, reason, requestedBy: actor.id, count, itemsHash };
  const created = (migration?: Created['migration']): BulkJobEvent => ({
    type: 'bulkjob.created',
    data: { ...common, ...(migration === undefined ? {} : { migration }) },
  });
  const listed = chunksOf(workflowIds).map((ids): BulkJobEvent => {
    return { type: 'bulkjob.items-listed', data: { jobId, workflowIds: ids } };
  });
  if (!request.migration) return [created(), ...listed];
  const { approvalId, policy, starters, ...migration } = request.migration;
  const { template, fromVersions, templateVersion, definitionHash, states } = migration;
  const subject = {
    bulkJobId: jobId,
    action,
    template,
    from: { versions: fromVersions },
    to: { version: templateVersion, definitionHash },
    states,
    count,
    workflows: itemsHash,
    reason,
  };
  return [
    created(migration),
    ...listed,
    {
      type: 'bulkjob.approval-requested',
      data: {
        jobId,
        template,
        approvalId,
        requester: actor.id,
        editors: [...starters],
        policy,
        subject,
        subjectHash: hashOf(subject),
      },
    },
  ];
}

function chunksOf(ids: readonly string[]): string[][] {
  const chunks: string[][] = [];
  for (let from = 0; from < ids.length; from += IDS_IN_AN_EVENT) {
    chunks.push(ids.slice(from, from + IDS_IN_AN_EVENT));
  }
  return chunks;
}

export interface JobApprovalOutcome {
  readonly approvalId: string;
  readonly granted: boolean;
  readonly approvers?: readonly string[];
  readonly reason?: string;
}

/** Begins a job, or ends it. An outcome of something else, or a second one, changes nothing. */
export function applyJobApproval(state: BulkJobState, outcome: JobApprovalOutcome): Events {
  if (state.kind !== 'existing' || state.status !== 'AWAITING_APPROVAL') return [];
  const { approvalId, granted, approvers = [], reason } = outcome;
  if (state.approval?.approvalId !== approvalId) return [];
  const { jobId } = state;
  if (granted) {
    return [{ type: 'bulkjob.approved', data: { jobId, approvalId, approvers: [...approvers] } }];
  }
  const why = reason === undefined ? {} : { reason };
  return [{ type: 'bulkjob.ended', data: { jobId, outcome: 'rejected', ...why } }];
}

/**
 * Records what became of items, and completes the job with the last of them. An item has one result; only that
 * it has been done after all replaces another one, because two runners may meet.
 */
export function recordResults(state: BulkJobState, results: readonly ItemResult[]): Events {
  if (state.kind !== 'existing') return [];
  const { jobId } = state;
  const items = new Set(state.workflowIds);
  const news = results.filter(({ workflowId, result }) => {
    const known = state.results.get(workflowId);
    const isNew = known === undefined || (known !== 'done' && result === 'done');
    return items.has(workflowId) && isNew;
  });
  if (news.length === 0) return [];
  const counts = counted(state, news);
  const processed: BulkJobEvent = {
    type: 'bulkjob.items-processed',
    data: { jobId, results: news.map(shortened), counts },
  };
  const after = bulkJobAggregate.evolve(state, processed) as ExistingBulkJob;
  if (after.status !== 'RUNNING' || remainingItems(after).length > 0) return [processed];
  return [processed, { type: 'bulkjob.ended', data: { jobId, outcome: 'completed' } }];
}

function counted({ counts, results }: ExistingBulkJob, news: readonly ItemResult[]): Counts {
  const next = { ...counts };
  for (const { workflowId, result } of news) {
    const before = results.get(workflowId);
    if (before !== undefined) next[before]--;
    next[result]++;
  }
  return next;
}

function shortened(item: ItemResult): ItemResult {
  const { message } = item;
  return message === undefined ? item : { ...item, message: message.slice(0, MAX_MESSAGE) };
}

/**
 * Begins no further item. Those under way are recorded before the job ends.
 *
 * @throws AppError `bulk-job.not-found`, `bulk-job.ended`; `bulk-job.admins-only` unless it is one's own
 */
export function stopBulkJob(
  state: BulkJobState,
  reason: string,
  actor: Actor,
  organisation: Organisation,
): Events {
  const { jobId, status, requestedBy, approval } = existingJob(state);
  const isOwn = organisation.personOf(actor.id) === organisation.personOf(requestedBy);
  if (!isOwn && !isAdministrator(actor)) {
    const message = `this takes who asked for the job, or a member of the group ${ADMINISTRATORS}`;
    throw forbidden('bulk-job.admins-only', message);
  }
  switch (status) {
    case 'RUNNING':
      return [{ type: 'bulkjob.stop-requested', data: { jobId, reason } }];
    case 'AWAITING_APPROVAL': {
      const open = approval === undefined ? {} : { approvalId: approval.approvalId };
      return [{ type: 'bulkjob.ended', data: { jobId, outcome: 'stopped', reason, ...open } }];
    }
    case 'STOPPING':
      return [];
    case 'COMPLETED':
    case 'STOPPED':
    case 'REJECTED':
      throw rule('bulk-job.ended', `the job is ${status} already`, { details: { status } });
  }
}

/** Ends a job that is to be stopped, once nothing of it is under way. */
export function finishStopping(state: BulkJobState): Events {
  if (state.kind !== 'existing' || state.status !== 'STOPPING') return [];
  const { jobId, stopReason } = state;
  const why = stopReason === undefined ? {} : { reason: stopReason };
  return [{ type: 'bulkjob.ended', data: { jobId, outcome: 'stopped', ...why } }];
}

/** @throws AppError `bulk-job.not-found` */
export function existingJob(state: BulkJobState): ExistingBulkJob {
  if (state.kind === 'existing') return state;
  throw notFound('bulk-job.not-found', 'there is no such job');
}
