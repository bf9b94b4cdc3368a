import {
  ChangeSubject,
  ClaimApproval,
  CloseReview,
  type CommentBody,
  CommentOnApproval,
  CreateDelegation,
  DecideApproval,
  type Delegation,
  type DelegationBody,
  EndDelegation,
  EscalateApproval,
  type EscalationBody,
  ExplainApproval,
  OverrideApproval,
  ReleaseApproval,
  ReplaceDirectory,
  RequestApproval,
  type RequestBody,
  type ReviewBody,
  RevokeDecision,
  StartBulkDecision,
  WithdrawApproval,
} from '@countersign/contracts';
import type { Directory } from '@countersign/state-machine/schemas';
import type { z } from 'zod';

import { type Call, type CallOptions, Connection, type ConnectionOptions } from './http.js';
import {
  Approval,
  ApprovalPage,
  BulkDecisionDetail,
  type BulkDecisionJob,
  BulkDecisionPage,
  DelegationList,
  DirectoryReply,
  Report,
} from './replies.js';

const PAGE = 200;

/** What was shown to whoever decides: an approval, or the reply to a request. */
export interface Shown {
  readonly approvalId: string;
  readonly subjectHash: string;
}

/** Why, and whatever else belongs to a decision. */
export interface DecisionOptions extends CallOptions {
  /** Who has delegated to the caller. */
  readonly onBehalfOf?: string;
}

/** Many decisions of the same kind. */
export interface BulkDecision {
  readonly action: Input<typeof DecideApproval.body>['action'];
  /** The approvals as they were read, up to 500. */
  readonly shown: readonly Shown[];
  readonly reason: string;
  /** Typed by a person who has seen them: the action and how many there are, such as `approve 12`. */
  readonly confirmation: string;
  /** Who has delegated to the caller. */
  readonly onBehalfOf?: string;
}

export interface BulkDecisionsQuery extends Pick<CallOptions, 'signal'> {
  readonly status?: BulkDecisionJob['status'];
  /** At most so many, up to 200 (default). */
  readonly limit?: number;
}

export interface PendingQuery extends Pick<CallOptions, 'signal'> {
  /** `me` (default): those that the caller can decide now. `any`: all that the caller may see. */
  readonly approver?: string;
  readonly workflowId?: string;
  /** At most so many (default 1000). */
  readonly limit?: number;
}

export interface DelegationsQuery extends Pick<CallOptions, 'signal'> {
  readonly person?: string;
  readonly status?: Delegation['status'];
}

type Reply<Command extends { readonly reply: z.ZodType }> = Promise<z.output<Command['reply']>>;
type Input<Schema extends z.ZodType> = z.input<Schema>;

/**
 * Approvals over HTTP, as one caller. Every method throws `CountersignError` with the server's code. What changes
 * something is done once, however often it has to be sent; what is read is at least as new as what this object
 * has last written.
 */
export class Countersign {
  readonly #connection: Connection;

  constructor(options: ConnectionOptions) {
    this.#connection = new Connection(options);
  }

  /**
   * How far the last write was, opaque. Give it to another `Countersign`, in this process or elsewhere, for it to
   * read what this one has written.
   */
  get position(): string | undefined {
    return this.#connection.position;
  }

  set position(position: string | undefined) {
    this.#connection.position = position;
  }

  /** Asks for an approval. The caller may not give it. */
  createRequest(request: Input<typeof RequestBody>, options?: CallOptions) {
    return this.#post(RequestApproval, '', request, options);
  }

  /** Approves what was shown. */
  approve(shown: Shown, reason: string, options?: DecisionOptions) {
    return this.#decide('approve', shown, reason, options);
  }

  reject(shown: Shown, reason: string, options?: DecisionOptions) {
    return this.#decide('reject', shown, reason, options);
  }

  /** Counts for neither side; where the policy allows it. */
  abstain(shown: Shown, reason: string, options?: DecisionOptions) {
    return this.#decide('abstain', shown, reason, options);
  }

  /** Asks more people. Without approvers: the next tier of the policy. */
  escalate(approvalId: string, escalation: Input<typeof EscalationBody>, options?: CallOptions) {
    return this.#post(EscalateApproval, `/${approvalId}/escalations`, escalation, options);
  }

  /** The requester no longer asks. */
  withdraw(approvalId: string, reason: string, options?: CallOptions) {
    return this.#post(WithdrawApproval, `/${approvalId}/withdrawals`, { reason }, options);
  }

  /** Takes the caller's own decision back, before the approval is complete. */
  revoke(approvalId: string, reason: string, options?: CallOptions & { decisionId?: string }) {
    const { decisionId, ...rest } = options ?? {};
    const body = { reason, ...(decisionId === undefined ? {} : { decisionId }) };
    return this.#post(RevokeDecision, `/${approvalId}/revocations`, body, rest);
  }

  /** A remark, a question, or the answer to one. */
  comment(approvalId: string, comment: Input<typeof CommentBody>, options?: CallOptions) {
    return this.#post(CommentOnApproval, `/${approvalId}/comments`, comment, options);
  }

  /** Changes what the caller has asked for. Decisions are void if the policy calls the change material. */
  changeSubject(
    approvalId: string,
    subject: Record<string, unknown>,
    options?: CallOptions & { reason?: string },
  ) {
    const { reason, ...rest } = options ?? {};
    const body = { subject, ...(reason === undefined ? {} : { reason }) };
    return this.#post(ChangeSubject, `/${approvalId}/subject`, body, rest);
  }

  /** Says that the caller is looking at it. Others may decide all the same. */
  claim(approvalId: string, options?: CallOptions) {
    return this.#post(ClaimApproval, `/${approvalId}/claims`, {}, options);
  }

  release(approvalId: string, options?: CallOptions) {
    return this.#post(ReleaseApproval, `/${approvalId}/releases`, {}, options);
  }

  /** Grants what was shown in an emergency, for those whom the policy names. Somebody else has to review it. */
  override({ approvalId, subjectHash }: Shown, reason: string, options?: CallOptions) {
    const body = { reason, subjectHash };
    return this.#post(OverrideApproval, `/${approvalId}/overrides`, body, options);
  }

  /** Closes the review of an emergency override. */
  closeReview(approvalId: string, review: Input<typeof ReviewBody>, options?: CallOptions) {
    return this.#post(CloseReview, `/${approvalId}/reviews`, review, options);
  }

  /**
   * Decides on all that was shown in the same way, as a job of the server. Each decision binds to what was shown of
   * that approval: one that has changed since is refused with `approval.stale-subject`, the others are decided.
   */
  bulkDecide({ shown, ...decision }: BulkDecision, options?: CallOptions) {
    const items = shown.map(({ approvalId, subjectHash }) => ({ approvalId, subjectHash }));
    return this.#post(StartBulkDecision, '/bulk-decisions', { ...decision, items }, options);
  }

  /** How far a job of `bulkDecide` is, and what became of each approval. */
  getBulkDecision(
    jobId: string,
    options?: Pick<CallOptions, 'signal'>,
  ): Promise<BulkDecisionDetail> {
    return this.#get(`/approvals/bulk-decisions/${jobId}`, BulkDecisionDetail, {}, options);
  }

  /** The caller's own jobs of `bulkDecide`, newest first. */
  async getBulkDecisions(query: BulkDecisionsQuery = {}): Promise<BulkDecisionJob[]> {
    const { status, limit = PAGE, ...options } = query;
    const page = { status, limit: Math.min(PAGE, limit) };
    const path = '/approvals/bulk-decisions';
    return (await this.#get(path, BulkDecisionPage, page, options)).items;
  }

  get(approvalId: string, options?: Pick<CallOptions, 'signal'>): Promise<Approval> {
    return this.#get(`/approvals/${approvalId}`, Approval, {}, options);
  }

  /** How many approvals the open stage takes and has: `{required, given, met}`. */
  async checkQuorum(approvalId: string, options?: Pick<CallOptions, 'signal'>) {
    const { quorum } = await this.get(approvalId, options);
    return quorum;
  }

  /** Whom it waits for, whether the caller may decide and why not, and what happens by itself. */
  why(approvalId: string, options?: Pick<CallOptions, 'signal'>): Reply<typeof ExplainApproval> {
    return this.#get(`/approvals/${approvalId}/why`, ExplainApproval.reply, {}, options);
  }

  /** Approvals that are open, newest first. */
  async getPendingApprovals(query: PendingQuery = {}): Promise<Approval[]> {
    const { approver = 'me', workflowId, limit = 1_000, ...options } = query;
    const filter = {
      status: 'pending',
      approver: approver === 'any' ? undefined : approver,
      workflowId,
    };
    const found: Approval[] = [];
    for (let cursor: string | undefined; ;) {
      const page = { ...filter, cursor, limit: Math.min(PAGE, limit - found.length) };
      const { items, nextCursor } = await this.#get('/approvals', ApprovalPage, page, options);
      found.push(...items);
      if (nextCursor === null || found.length >= limit) return found;
      cursor = nextCursor;
    }
  }

  /** Lets somebody else decide in the caller's name, for a time. */
  delegate(delegation: Input<typeof DelegationBody>, options?: CallOptions) {
    const body = delegation;
    const reply = CreateDelegation.reply;
    return this.#connection.send({ ...options, method: 'POST', path: '/delegations', body, reply });
  }

  /** Delegations that the caller gave or was given, newest first. Another's takes an administrator. */
  async getDelegations(query: DelegationsQuery = {}): Promise<Delegation[]> {
    const { person, status, ...options } = query;
    const filter = { person, status };
    const { items } = await this.#get('/delegations', DelegationList, filter, options);
    return items;
  }

  endDelegation(
    delegationId: string,
    options?: CallOptions & { reason?: string },
  ): Reply<typeof EndDelegation> {
    const { reason, ...rest } = options ?? {};
    return this.#connection.send({
      ...rest,
      method: 'DELETE',
      path: `/delegations/${delegationId}`,
      query: { reason },
      reply: EndDelegation.reply,
    });
  }

  /** People, groups, roles and calendars, and the revision that `replaceDirectory` takes. */
  getDirectory(options?: Pick<CallOptions, 'signal'>) {
    return this.#get('/directory', DirectoryReply, {}, options);
  }

  /**
   * Replaces the directory, as `getDirectory` gave it and the caller changed it, if it is still at its revision. For
   * administrators.
   */
  replaceDirectory(
    { revision, ...directory }: Input<typeof Directory> & { readonly revision: number },
    options?: CallOptions,
  ): Reply<typeof ReplaceDirectory> {
    return this.#connection.send({
      ...options,
      method: 'PUT',
      path: '/directory',
      body: directory,
      headers: { 'if-match': `"${revision}"` },
      reply: ReplaceDirectory.reply,
    });
  }

  /** Decision times, always-approvers, reciprocal pairs, overrides: as `GET /reports/approvals` gives it. */
  getReport(query: Readonly<Record<string, string>> = {}, options?: Pick<CallOptions, 'signal'>) {
    return this.#get('/reports/approvals', Report, query, options);
  }

  #decide(
    action: Input<typeof DecideApproval.body>['action'],
    { approvalId, subjectHash }: Shown,
    reason: string,
    { onBehalfOf, ...options }: DecisionOptions = {},
  ) {
    const body = {
      action,
      reason,
      subjectHash,
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    };
    return this.#post(DecideApproval, `/${approvalId}/decisions`, body, options);
  }

  #post<Schema extends z.ZodType>(
    { reply }: { readonly reply: Schema },
    path: string,
    body: unknown,
    options: CallOptions = {},
  ): Promise<z.output<Schema>> {
    const call = { ...options, method: 'POST', path: `/approvals${path}`, body, reply } as const;
    return this.#connection.send(call);
  }

  #get<Schema extends z.ZodType>(
    path: string,
    reply: Schema,
    query: NonNullable<Call<Schema>['query']>,
    options: Pick<CallOptions, 'signal'> = {},
  ): Promise<z.output<Schema>> {
    return this.#connection.send({ ...options, method: 'GET', path, query, reply });
  }
}
