import type { JsonObject } from '@countersign/kernel';

/** A request for approval, as it stands. */
export interface ApprovalRequestRow {
  approval_id: string;
  /** The instance that waits for it, or that an ad-hoc request names. */
  workflow_id: string | null;
  bulk_job_id: string | null;
  /** Null for an ad-hoc request. */
  template: string | null;
  business_key: string | null;
  requester: string;
  editors: string[];
  /** Asked for by a person: it satisfies no transition. */
  ad_hoc: boolean;
  /** Why it was asked for. */
  reason: string | null;
  /** PENDING, IN_PROGRESS, APPROVED, REJECTED, TIMED_OUT, WITHDRAWN or CANCELLED. */
  status: string;
  level: string;
  /** The stage that is open, or was last, from 0. */
  stage: number;
  stage_name: string | null;
  /** Approvals that this stage takes, and those given. */
  required: number;
  given: number;
  stages: ApprovalStageResult[];
  policy: object;
  /** Whom the policy names for this stage. */
  approvers: string[];
  /** Lists each of which has to name them as well. */
  within: string[][];
  /** Who was asked besides, for whichever stage. */
  escalations: ApprovalEscalation[];
  /** Those of them for this stage; `within` is not asked. */
  escalated: string[];
  /** Decisions that count. */
  votes: CountingVote[];
  /** Everybody behind one of them. */
  voters: string[];
  /** The requester, the editors, and whoever decided an earlier stage. */
  excluded: string[];
  /** What is asked now. */
  subject: JsonObject;
  subject_hash: string;
  /** `{expiresAt?, reminders?, escalations?}`: what is left of them. */
  deadlines: JsonObject;
  /** When the next thing happens by itself. */
  due_at: Date | null;
  /** The workflow is paused: nothing happens by itself. */
  frozen: boolean;
  claimed_by: string | null;
  /** Those that are open. */
  incidents: { readonly code: string; readonly message: string }[];
  /** OPEN or CLOSED, after an emergency override. */
  review: string | null;
  overridden_by: string | null;
  /** Who rejected or withdrew it, and why it was rejected, withdrawn or cancelled. */
  ended_by: string | null;
  end_reason: string | null;
  scope: string | null;
  revision: number;
  created_at: Date;
  updated_at: Date;
  ended_at: Date | null;
}

/** A stage of an approval, as it stands. */
export interface ApprovalStageResult {
  readonly name: string | null;
  readonly level: string;
  /** WAITING, OPEN, COMPLETE or OVERRIDDEN. */
  readonly status: string;
  /** Null until it opens, where it is a part of those who are named then. */
  readonly required: number | null;
  readonly given: number;
  /** Whom the policy and escalations name. */
  readonly approvers: readonly string[];
}

export interface ApprovalEscalation {
  readonly stage: number;
  readonly approvers: readonly string[];
  /** Of the policy, from 0. */
  readonly tier: number | null;
  /** timeout, expiry, workflow-timeout or person. */
  readonly cause: string;
  readonly by: string | null;
  readonly reason: string | null;
  /** RFC 3339. */
  readonly at: string;
}

/** A decision that counts: by whom and for whom, in which stage. */
export interface CountingVote {
  readonly decisionId: string;
  readonly stage: number;
  readonly action: string;
  readonly people: readonly string[];
}

export interface ApprovalDecisionRow {
  decision_id: string;
  approval_id: string;
  /** From 0. */
  stage: number;
  approver: string;
  on_behalf_of: string | null;
  /** Ids of the delegations that lead from that person to the approver. */
  delegations: string[];
  /** approve, reject or abstain. */
  action: string;
  reason: string;
  qualified_by: string;
  /** `{meaning, name, authenticatedAt, authMethod}` */
  signature: JsonObject | null;
  /** What the approver was shown. */
  subject: JsonObject | null;
  subject_hash: string;
  /** COUNTED, REVOKED by who gave it, or VOID by a change of the subject or a revocation in an earlier stage. */
  status: string;
  /** Since when it does not count. */
  void_at: Date | null;
  at: Date;
  scope: string | null;
}

/** What happened to an approval, step by step. */
export interface ApprovalLogRow {
  approval_id: string;
  /** Of the event. */
  revision: number;
  /** Name of the event, such as commented, escalated, subject-changed or decision-refused. */
  kind: string;
  actor: string;
  at: Date;
  /** Of the event, without what its approval says already. */
  data: JsonObject;
  scope: string | null;
}

/** Many decisions of one person, made by the server. */
export interface DecisionJobRow {
  job_id: string;
  requester: string;
  action: string;
  reason: string;
  on_behalf_of: string | null;
  /** RUNNING or COMPLETED. */
  status: string;
  count: number;
  decided: number;
  refused: number;
  revision: number;
  created_at: Date;
  updated_at: Date;
  ended_at: Date | null;
}

export interface DecisionJobItemRow {
  job_id: string;
  approval_id: string;
  /** pending, decided or refused. */
  result: string;
  code: string | null;
  message: string | null;
  processed_at: Date | null;
}
