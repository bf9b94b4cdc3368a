import type { BulkJobEvent, BulkJobStatus } from '@countersign/contracts';
import type { Aggregate } from '@countersign/kernel';
import type { ApprovalPolicy } from '@countersign/state-machine';

type DataOf<Type extends BulkJobEvent['type']> = Extract<BulkJobEvent, { type: Type }>['data'];

/** What became of one instance. */
export type ItemResult = DataOf<'bulkjob.items-processed'>['results'][number];

export type Counts = DataOf<'bulkjob.items-processed'>['counts'];

export interface ExistingBulkJob extends DataOf<'bulkjob.created'> {
  readonly kind: 'existing';
  readonly status: BulkJobStatus;
  /** The frozen list, sorted. */
  readonly workflowIds: readonly string[];
  readonly results: ReadonlyMap<string, ItemResult['result']>;
  readonly counts: Counts;
  /** The approval that it waits for, or has. */
  readonly approval?:
    | {
        readonly approvalId: string;
        readonly policy: ApprovalPolicy;
        /** Those who gave it. */
        readonly approvers: readonly string[];
      }
    | undefined;
  readonly stopReason?: string | undefined;
}

export type BulkJobState = { readonly kind: 'none' } | ExistingBulkJob;

/** A change to many instances, carried out one after the other. */
export const bulkJobAggregate: Aggregate<BulkJobState, BulkJobEvent> = {
  category: 'bulkjob',
  initialState: { kind: 'none' },
  evolve(state, event) {
    if (event.type === 'bulkjob.created') return created(event.data);
    return state.kind === 'existing' ? evolveExisting(state, event) : state;
  },
};

function created(data: DataOf<'bulkjob.created'>): ExistingBulkJob {
  const counts = { done: 0, skipped: 0, refused: 0 };
  return {
    kind: 'existing',
    ...data,
    status: 'RUNNING',
    workflowIds: [],
    results: new Map(),
    counts,
  };
}

function evolveExisting(state: ExistingBulkJob, event: BulkJobEvent): BulkJobState {
  switch (event.type) {
    case 'bulkjob.items-listed':
      return { ...state, workflowIds: [...state.workflowIds, ...event.data.workflowIds] };
    case 'bulkjob.approval-requested': {
      const { approvalId, policy } = event.data;
      return {
        ...state,
        status: 'AWAITING_APPROVAL',
        approval: { approvalId, policy, approvers: [] },
      };
    }
    case 'bulkjob.approved':
      return {
        ...state,
        status: 'RUNNING',
        approval: state.approval && { ...state.approval, approvers: event.data.approvers },
      };
    case 'bulkjob.items-processed': {
      const { results, counts } = event.data;
      const entries = results.map(({ workflowId, result }) => [workflowId, result] as const);
      return { ...state, counts, results: new Map([...state.results, ...entries]) };
    }
    case 'bulkjob.stop-requested':
      return { ...state, status: 'STOPPING', stopReason: event.data.reason };
    case 'bulkjob.ended':
      return { ...state, status: ENDED[event.data.outcome] };
    case 'bulkjob.created':
      return state;
  }
}

const ENDED = { completed: 'COMPLETED', stopped: 'STOPPED', rejected: 'REJECTED' } as const;

/** The instances whose result is not known yet, in order. */
export function remainingItems({ workflowIds, results }: ExistingBulkJob): string[] {
  return workflowIds.filter((workflowId) => !results.has(workflowId));
}
