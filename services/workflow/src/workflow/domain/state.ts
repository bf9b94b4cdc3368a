import type { WorkflowEvent } from '@countersign/contracts';
import type { Aggregate, JsonObject } from '@countersign/kernel';
import type { TriggerKind, WorkflowStatus } from '@countersign/state-machine';

/** A transition that waits for its approval. */
export interface PendingTransition {
  readonly sequence: number;
  readonly event: string;
  readonly from: string;
  readonly to: string;
  readonly trigger: TriggerKind;
  readonly reason?: string | undefined;
  readonly input?: JsonObject | undefined;
  readonly approvalId: string;
  readonly requester: string;
  /** Where a rejection leads; nowhere when absent. */
  readonly onRejected?: string | undefined;
}

export interface ApprovalOutcome {
  readonly approvalId: string;
  readonly outcome: 'granted' | 'rejected';
  readonly reason?: string | undefined;
}

/** What every event of an instance repeats. */
interface WorkflowIdentity {
  readonly workflowId: string;
  readonly template: string;
  readonly businessKey?: string;
  readonly scope?: string;
}

export interface ExistingWorkflow {
  readonly kind: 'existing';
  readonly identity: WorkflowIdentity;
  readonly templateVersion: number;
  readonly definitionHash: string;
  readonly status: WorkflowStatus;
  readonly state: string;
  readonly context: JsonObject;
  /** Whoever gave the context. */
  readonly startedBy: string;
  /** Number of moves so far. */
  readonly sequence: number;
  readonly pending?: PendingTransition | undefined;
  /** Outcome of the pending approval that came while the instance was paused. */
  readonly deferred?: ApprovalOutcome | undefined;
}

export type WorkflowState =
  { readonly kind: 'none' } | { readonly kind: 'abandoned' } | ExistingWorkflow;

export const workflowAggregate: Aggregate<WorkflowState, WorkflowEvent> = {
  category: 'workflow',
  initialState: { kind: 'none' },
  evolve(state, event) {
    if (event.type === 'workflow.started') return started(event.data);
    if (event.type === 'workflow.start-abandoned') return { kind: 'abandoned' };
    return state.kind === 'existing' ? evolveExisting(state, event) : state;
  },
};

type Started = Extract<WorkflowEvent, { type: 'workflow.started' }>['data'];

function started(data: Started): ExistingWorkflow {
  const { workflowId, template, businessKey, scope } = data;
  return {
    kind: 'existing',
    identity: {
      workflowId,
      template,
      ...(businessKey === undefined ? {} : { businessKey }),
      ...(scope === undefined ? {} : { scope }),
    },
    templateVersion: data.templateVersion,
    definitionHash: data.definitionHash,
    status: data.draft ? 'DRAFT' : 'ACTIVE',
    state: data.state,
    context: data.context,
    startedBy: data.startedBy,
    sequence: 0,
  };
}

function evolveExisting(state: ExistingWorkflow, event: WorkflowEvent): WorkflowState {
  switch (event.type) {
    case 'workflow.activated':
    case 'workflow.resumed':
      return { ...state, status: 'ACTIVE' };
    case 'workflow.paused':
      return { ...state, status: 'PAUSED' };
    case 'workflow.transition-requested': {
      const { onRejected } = event.data.policy;
      return { ...state, pending: { ...event.data, onRejected } };
    }
    case 'workflow.approval-outcome-deferred':
      return { ...state, deferred: event.data };
    case 'workflow.transition-rejected':
      return {
        ...state,
        sequence: event.data.sequence,
        pending: undefined,
        deferred: undefined,
      };
    case 'workflow.transitioned': {
      const { to, sequence } = event.data;
      return { ...state, state: to, sequence, pending: undefined, deferred: undefined };
    }
    case 'workflow.completed':
      return { ...state, status: 'COMPLETED' };
    case 'workflow.failed':
      return { ...state, status: 'FAILED' };
    case 'workflow.cancelled':
      return { ...state, status: 'CANCELLED', pending: undefined, deferred: undefined };
    case 'workflow.started':
    case 'workflow.start-abandoned':
    case 'workflow.incident-raised':
      return state;
  }
}

/** Whether an instance can still do anything. */
export function isRunning(state: ExistingWorkflow): boolean {
  return state.status === 'DRAFT' || state.status === 'ACTIVE' || state.status === 'PAUSED';
}
