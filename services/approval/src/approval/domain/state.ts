import type { ApprovalEvent, ApprovalRequested } from '@countersign/contracts';
import type { Aggregate } from '@countersign/kernel';
import type { z } from 'zod';

type Requested = z.output<typeof ApprovalRequested.schema>;

type ApprovalStatus = 'PENDING' | 'APPROVED' | 'REJECTED' | 'WITHDRAWN';

/** One counted vote. */
interface Vote {
  readonly decisionId: string;
  readonly approver: string;
  readonly action: 'approve' | 'reject';
}

export type ApprovalState =
  | { readonly exists: false }
  | {
      readonly exists: true;
      readonly status: ApprovalStatus;
      readonly request: Requested;
      readonly votes: readonly Vote[];
    };

type Existing = Extract<ApprovalState, { exists: true }>;

export const approvalAggregate: Aggregate<ApprovalState, ApprovalEvent> = {
  category: 'approval',
  initialState: { exists: false },
  evolve(state, event) {
    if (event.type === 'approval.requested') {
      return { exists: true, status: 'PENDING', request: event.data, votes: [] };
    }
    return state.exists ? evolveExisting(state, event) : state;
  },
};

function evolveExisting(state: Existing, event: ApprovalEvent): ApprovalState {
  switch (event.type) {
    case 'approval.decision-recorded': {
      const { decisionId, approver, action } = event.data;
      return { ...state, votes: [...state.votes, { decisionId, approver, action }] };
    }
    case 'approval.granted':
      return { ...state, status: 'APPROVED' };
    case 'approval.rejected':
      return { ...state, status: 'REJECTED' };
    case 'approval.withdrawn':
      return { ...state, status: 'WITHDRAWN' };
    case 'approval.requested':
      return state;
  }
}
