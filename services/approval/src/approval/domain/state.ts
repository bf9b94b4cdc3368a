import {
  type ApprovalEvent,
  type ApprovalStatus,
  type Deadlines,
  deadlinesAfter,
} from '@countersign/contracts';
import type { Aggregate } from '@countersign/kernel';
import type { Approver } from '@countersign/state-machine';

export type DataOf<Type extends ApprovalEvent['type']> = Extract<
  ApprovalEvent,
  { type: Type }
>['data'];

/** A decision that counts. */
export type Vote = Pick<
  DataOf<'approval.decision-recorded'>,
  | 'decisionId'
  | 'approver'
  | 'onBehalfOf'
  | 'delegations'
  | 'action'
  | 'reason'
  | 'qualifiedBy'
  | 'restsOn'
  | 'signature'
  | 'subjectHash'
  | 'decidedAt'
> & { readonly stage: number };

/** Approvers who are asked besides those that the policy names, for one stage. */
interface Escalation {
  readonly stage: number;
  readonly approvers: readonly Approver[];
  /** The person who asked them; absent where a time had come. */
  readonly by?: string | undefined;
}

interface Question {
  readonly commentId: string;
  readonly author: string;
  readonly text: string;
}

export interface ExistingApproval {
  readonly exists: true;
  readonly status: ApprovalStatus;
  readonly request: DataOf<'approval.requested'>;
  /** As it is asked now. */
  readonly subject: DataOf<'approval.requested'>['subject'];
  readonly subjectHash: string;
  /** The stage that is open, or was last; from 0. */
  readonly stage: number;
  /** Approvals that each stage takes; one that is not open yet takes no fewer. */
  readonly required: readonly number[];
  readonly votes: readonly Vote[];
  readonly escalations: readonly Escalation[];
  /** How many tiers of the policy have been asked. */
  readonly tiers: number;
  readonly reminders: number;
  readonly deadlines: Deadlines;
  /** What was left of them when the workflow was paused. */
  readonly frozen?: DataOf<'approval.deadlines-frozen'>['remaining'] | undefined;
  readonly comments: number;
  readonly commentsBy: ReadonlyMap<string, number>;
  readonly questions: readonly Question[];
  readonly claimedBy?: string | undefined;
  /** Code to message. */
  readonly incidents: ReadonlyMap<string, string>;
  readonly overriddenBy?: string | undefined;
  /** Whose rejection was the last that it took. */
  readonly rejectedBy?: string | undefined;
  readonly review?: 'open' | 'closed' | undefined;
  /** Refused decisions on record, by who made them. */
  readonly refusals: ReadonlyMap<string, number>;
}

export type ApprovalState = { readonly exists: false } | ExistingApproval;

export const approvalAggregate: Aggregate<ApprovalState, ApprovalEvent> = {
  category: 'approval',
  initialState: { exists: false },
  evolve(state, event) {
    if (event.type === 'approval.requested') return requested(event.data);
    if (!state.exists) return state;
    const next = evolveExisting(state, event);
    const { policy } = state.request;
    return { ...next, deadlines: deadlinesAfter(state.deadlines, policy, event) };
  },
};

export const isOpen = ({ status }: Pick<ExistingApproval, 'status'>): boolean =>
  status === 'PENDING' || status === 'IN_PROGRESS';

function requested(request: DataOf<'approval.requested'>): ExistingApproval {
  const { subject, subjectHash, required, laterRequired = [], deadlines = {} } = request;
  return {
    exists: true,
    status: 'PENDING',
    request,
    subject,
    subjectHash,
    stage: 0,
    required: [required, ...laterRequired],
    votes: [],
    escalations: [],
    tiers: 0,
    reminders: 0,
    deadlines,
    comments: 0,
    commentsBy: new Map(),
    questions: [],
    incidents: new Map(),
    refusals: new Map(),
  };
}

function evolveExisting(state: ExistingApproval, event: ApprovalEvent): ExistingApproval {
  switch (event.type) {
    case 'approval.decision-recorded':
      return decided(state, event.data);
    case 'approval.stage-completed': {
      const { stage, required } = event.data.next;
      return { ...state, stage, required: withRequired(state, stage, required) };
    }
    case 'approval.decision-revoked':
      return revoked(state, event.data);
    case 'approval.subject-changed':
      return subjectChanged(state, event.data);
    case 'approval.escalated': {
      const { stage, approvers, tier, escalatedBy: by } = event.data;
      const escalations = [...state.escalations, { stage, approvers, by }];
      return { ...state, escalations, tiers: tier === undefined ? state.tiers : tier + 1 };
    }
    case 'approval.reminded':
      return { ...state, reminders: event.data.reminder + 1 };
    case 'approval.deadlines-frozen':
      return { ...state, frozen: event.data.remaining };
    case 'approval.deadlines-resumed':
      return { ...state, frozen: undefined };
    case 'approval.granted':
      return { ...state, status: 'APPROVED' };
    case 'approval.rejected':
      return { ...state, status: 'REJECTED', rejectedBy: event.data.rejectedBy };
    case 'approval.timed-out':
      return { ...state, status: 'TIMED_OUT' };
    case 'approval.withdrawn':
      return { ...state, status: 'WITHDRAWN' };
    case 'approval.cancelled':
      return { ...state, status: 'CANCELLED' };
    case 'approval.overridden':
      return { ...state, overriddenBy: event.data.overriddenBy, review: 'open' };
    case 'approval.review-closed':
      return { ...state, review: 'closed' };
    case 'approval.incident-raised': {
      const { code, message } = event.data;
      return { ...state, incidents: new Map([...state.incidents, [code, message]]) };
    }
    case 'approval.incident-resolved': {
      const incidents = [...state.incidents].filter(([code]) => code !== event.data.code);
      return { ...state, incidents: new Map(incidents) };
    }
    case 'approval.commented':
      return commented(state, event.data);
    case 'approval.claimed':
      return { ...state, claimedBy: event.data.claimedBy };
    case 'approval.released':
      return { ...state, claimedBy: undefined };
    case 'approval.decision-refused':
      return { ...state, refusals: oneMore(state.refusals, event.data.actor) };
    case 'approval.requested':
      return state;
  }
}

function decided(
  state: ExistingApproval,
  data: DataOf<'approval.decision-recorded'>,
): ExistingApproval {
  const { decisionId, approver, onBehalfOf, delegations, action, reason } = data;
  const { qualifiedBy, restsOn, signature, subjectHash, decidedAt, stage = 0 } = data;
  const who = { approver, onBehalfOf, delegations, ...(restsOn === undefined ? {} : { restsOn }) };
  const what = { action, reason, qualifiedBy, signature, subjectHash, decidedAt, stage };
  const vote = { decisionId, ...who, ...what };
  const claimedBy = state.claimedBy === approver ? undefined : state.claimedBy;
  return { ...state, status: 'IN_PROGRESS', votes: [...state.votes, vote], claimedBy };
}

function revoked(
  state: ExistingApproval,
  { decisionId, stage, voided }: DataOf<'approval.decision-revoked'>,
): ExistingApproval {
  const gone = new Set([decisionId, ...voided]);
  return withVotes(
    { ...state, stage },
    state.votes.filter((vote) => !gone.has(vote.decisionId)),
  );
}

function subjectChanged(
  state: ExistingApproval,
  { subject, subjectHash, material, required }: DataOf<'approval.subject-changed'>,
): ExistingApproval {
  const changed = { ...state, subject, subjectHash };
  if (!material) return changed;
  const first = required ?? state.required[0] ?? 1;
  return withVotes({ ...changed, stage: 0, required: withRequired(state, 0, first) }, []);
}

function withRequired({ required }: ExistingApproval, stage: number, many: number): number[] {
  return [...required.slice(0, stage), many, ...required.slice(stage + 1)];
}

function withVotes(state: ExistingApproval, votes: readonly Vote[]): ExistingApproval {
  return { ...state, votes, status: votes.length === 0 ? 'PENDING' : 'IN_PROGRESS' };
}

function commented(
  state: ExistingApproval,
  { kind, commentId, author, text, answers }: DataOf<'approval.commented'>,
): ExistingApproval {
  const open = state.questions.filter((question) => question.commentId !== answers);
  const questions = kind === 'question' ? [...open, { commentId, author, text }] : open;
  const commentsBy = oneMore(state.commentsBy, author);
  return { ...state, comments: state.comments + 1, commentsBy, questions };
}

function oneMore(counts: ReadonlyMap<string, number>, of: string): ReadonlyMap<string, number> {
  return new Map(counts).set(of, (counts.get(of) ?? 0) + 1);
}
