import {
  type ApprovalDecisionRow,
  type ApprovalLogRow,
  type ApprovalRequestRow,
  ApprovalStatus,
  Id,
  JsonRecord,
  Name,
  QuorumState,
  Sha256,
  Signature,
  StageStatus,
} from '@countersign/contracts';
import { ApprovalLevel, ApprovalPolicy, Approver } from '@countersign/state-machine';
import { z } from 'zod';

import { pageOf, Timestamp } from './parameters.js';

const Count = z.int().nonnegative();

/** An approval in a list. */
export const ApprovalItem = z.object({
  approvalId: Id,
  workflowId: Id.nullable().describe(
    'the instance that waits for it, or that an ad-hoc request names',
  ),
  bulkJobId: Id.nullable().describe('the bulk job that waits for it'),
  template: Name.nullable().describe('null for an ad-hoc request'),
  businessKey: z.string().nullable(),
  requester: z.string().describe('who asked, and so may not decide'),
  adHoc: z.boolean().describe('asked for by a person: it satisfies no transition'),
  reason: z.string().nullable().describe('why it was asked for'),
  status: ApprovalStatus,
  level: ApprovalLevel,
  quorum: QuorumState.describe(
    'of the stage that is open, or was last; not the outcome, which is `status`',
  ),
  stage: Count.describe('which one that is, from 0'),
  stageName: z.string().nullable(),
  required: Count.describe('as in `quorum`'),
  approvals: Count.describe('`given` of `quorum`'),
  subject: JsonRecord.describe('what is to be approved'),
  subjectHash: Sha256.describe('what a decision has to name'),
  editors: z.array(z.string()).describe('who made the subject what it is, and so may not decide'),
  scope: z.string().nullable().describe('what decides who may see it, such as a desk'),
  dueAt: Timestamp.nullable().describe('when the next thing happens by itself'),
  claimedBy: z.string().nullable().describe('who says that they are looking at it'),
  incidents: z
    .array(z.object({ code: z.string(), message: z.string() }))
    .describe('why it cannot be decided as it stands'),
  review: z.enum(['OPEN', 'CLOSED']).nullable().describe('of an emergency override'),
  overriddenBy: z.string().nullable(),
  endedBy: z.string().nullable().describe('who rejected or withdrew it'),
  endReason: z
    .string()
    .nullable()
    .describe('`expired: reject` or `expired: cancel` when its time was up, as the policy says'),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  endedAt: Timestamp.nullable(),
  decidableFor: z
    .array(z.string())
    .optional()
    .describe(
      'with `approver`: for whom that person can decide it, themselves or others (`onBehalfOf`)',
    ),
});

const Vote = z.object({
  decisionId: Id,
  stage: Count.describe('which stage it is for, from 0'),
  approver: z.string(),
  onBehalfOf: z.string().nullable(),
  delegations: z.array(Id).describe('that lead from that person to the approver'),
  action: z.enum(['approve', 'reject', 'abstain']),
  reason: z.string(),
  at: Timestamp,
  qualifiedBy: z.string().describe('how the policy names the person for whom it was decided'),
  signature: Signature.nullable(),
  subjectHash: Sha256.describe('of what the approver was shown'),
  status: z
    .enum(['COUNTED', 'REVOKED', 'VOID'])
    .describe(
      'whether it counts; REVOKED by who gave it, VOID by a material change or a revocation in an earlier stage',
    ),
  voidAt: Timestamp.nullable().describe('since when it does not count'),
});

const Stage = z.object({
  name: z.string().nullable(),
  level: ApprovalLevel,
  status: StageStatus.describe('OVERRIDDEN: not complete when an emergency override granted it'),
  required: Count.nullable().describe('null until it opens, where the quorum is a percentage'),
  given: Count,
  approvers: z.array(Approver).describe('whom the policy and escalations name'),
});

const Escalation = z.object({
  stage: Count,
  approvers: z.array(Approver),
  tier: Count.nullable().describe('of the policy, from 0'),
  cause: z.enum(['timeout', 'expiry', 'workflow-timeout', 'person']),
  by: z.string().nullable(),
  reason: z.string().nullable(),
  at: Timestamp,
});

const Comment = z.object({
  commentId: Id,
  author: z.string(),
  kind: z.enum(['comment', 'question', 'answer']),
  text: z.string(),
  answers: Id.nullable().describe('the question that it answers'),
  at: Timestamp,
});

const Step = z.object({
  kind: z.string().describe('name of the event, such as `escalated` or `decision-revoked`'),
  actor: z.string(),
  at: Timestamp,
  data: JsonRecord,
});

/** One approval. */
export const ApprovalDetail = ApprovalItem.extend({
  policy: ApprovalPolicy,
  stages: z.array(Stage),
  askedNow: z.array(Approver).describe('who may decide the open stage'),
  excluded: z
    .array(z.string())
    .describe('who may not decide: the requester, the editors, whoever decided an earlier stage'),
  deadlines: z.object({
    expiresAt: Timestamp.nullable(),
    reminders: z.array(Timestamp),
    escalations: z.array(Timestamp),
  }),
  frozen: z.boolean().describe('the workflow is paused: nothing happens by itself'),
  votes: z.array(Vote).describe('oldest first, also those that do not count any more'),
  escalations: z.array(Escalation).describe('oldest first'),
  comments: z.array(Comment).describe('oldest first'),
  history: z.array(Step).describe('everything else that happened, oldest first; the last 1,000'),
});

export const ApprovalsPage = pageOf(ApprovalItem);

export const itemColumns = [
  'approval_id',
  'workflow_id',
  'bulk_job_id',
  'template',
  'business_key',
  'requester',
  'ad_hoc',
  'reason',
  'status',
  'level',
  'stage',
  'stage_name',
  'required',
  'given',
  'subject',
  'subject_hash',
  'editors',
  'scope',
  'due_at',
  'claimed_by',
  'incidents',
  'review',
  'overridden_by',
  'ended_by',
  'end_reason',
  'created_at',
  'updated_at',
  'ended_at',
] as const;

export type ItemRow = Pick<ApprovalRequestRow, (typeof itemColumns)[number]> & {
  readonly decidableFor?: readonly string[];
};

/** As JSON gives it: times are text. */
type Listed<Row> = { [Column in keyof Row]: Row[Column] extends Date ? string : Row[Column] };

export type DetailRow = ItemRow &
  Pick<
    ApprovalRequestRow,
    | 'policy'
    | 'stages'
    | 'approvers'
    | 'escalated'
    | 'excluded'
    | 'escalations'
    | 'deadlines'
    | 'frozen'
  > & {
    readonly votes: readonly (Omit<ApprovalDecisionRow, 'subject' | 'at' | 'void_at'> & {
      readonly at: string;
      readonly void_at: string | null;
    })[];
    readonly comments: readonly Listed<ApprovalLogRow>[];
    readonly history: readonly Listed<ApprovalLogRow>[];
  };

export function toItem(row: ItemRow) {
  const { required, given } = row;
  return {
    approvalId: row.approval_id,
    workflowId: row.workflow_id,
    bulkJobId: row.bulk_job_id,
    template: row.template,
    businessKey: row.business_key,
    requester: row.requester,
    adHoc: row.ad_hoc,
    reason: row.reason,
    status: row.status,
    level: row.level,
    quorum: { required, given, met: isMet(row) },
    stage: row.stage,
    stageName: row.stage_name,
    required,
    approvals: given,
    subject: row.subject,
    subjectHash: row.subject_hash,
    editors: row.editors,
    scope: row.scope,
    dueAt: row.due_at,
    claimedBy: row.claimed_by,
    incidents: row.incidents,
    review: row.review,
    overriddenBy: row.overridden_by,
    endedBy: row.ended_by,
    endReason: row.end_reason,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
    ...(row.decidableFor === undefined ? {} : { decidableFor: row.decidableFor }),
  };
}

/** By a rule nobody gives anything: it is met when the rule held. */
const isMet = ({ required, given, status }: ItemRow): boolean =>
  required === 0 ? status === 'APPROVED' : given >= required;

export function toDetail(row: DetailRow) {
  const { expiresAt = null, reminders = [], escalations = [] } = row.deadlines;
  return {
    ...toItem(row),
    policy: row.policy,
    stages: row.stages,
    askedNow: [...new Set([...row.approvers, ...row.escalated])],
    excluded: row.excluded,
    deadlines: { expiresAt, reminders, escalations },
    frozen: row.frozen,
    votes: row.votes.map(toVote),
    escalations: row.escalations,
    comments: row.comments.map(toComment),
    history: row.history.map(({ kind, actor, at, data }) => ({
      kind,
      actor,
      at: new Date(at),
      data,
    })),
  };
}

function toVote(vote: DetailRow['votes'][number]) {
  return {
    decisionId: vote.decision_id,
    stage: vote.stage,
    approver: vote.approver,
    onBehalfOf: vote.on_behalf_of,
    delegations: vote.delegations,
    action: vote.action,
    reason: vote.reason,
    at: new Date(vote.at),
    qualifiedBy: vote.qualified_by,
    signature: vote.signature,
    subjectHash: vote.subject_hash,
    status: vote.status,
    voidAt: vote.void_at === null ? null : new Date(vote.void_at),
  };
}

function toComment({ data, at }: DetailRow['comments'][number]) {
  const { commentId, author, kind, text, answers = null } = data;
  return { commentId, author, kind, text, answers, at: new Date(at) };
}
