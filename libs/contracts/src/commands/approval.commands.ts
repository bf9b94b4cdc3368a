import {
  ApprovalLevel,
  ApprovalPolicy,
  Approver,
  Quorum,
} from '@countersign/state-machine/schemas';
import { z } from 'zod';

import { FreeText, Id, JsonRecord, Position, Reason, Sha256 } from '../scalars.js';
import { defineCommand } from './command-type.js';

/** Where an approval stands. */
export const ApprovalStatus = z.enum([
  'PENDING',
  'IN_PROGRESS',
  'APPROVED',
  'REJECTED',
  'TIMED_OUT',
  'WITHDRAWN',
  'CANCELLED',
]);
export type ApprovalStatus = z.infer<typeof ApprovalStatus>;

/** Of the stage that is open, or was last. */
export const QuorumState = z.object({
  /** Approvals by different people that it takes. */
  required: z.int().nonnegative(),
  given: z.int().nonnegative(),
  met: z.boolean(),
});

const MAX_SUBJECT_BYTES = 64 * 1024;

/** What is to be approved. */
const Subject = JsonRecord.refine(
  (subject) => new TextEncoder().encode(JSON.stringify(subject)).length <= MAX_SUBJECT_BYTES,
  `is larger than ${MAX_SUBJECT_BYTES / 1024} KiB`,
);

const Person = z.string().min(1).max(200);
const DecisionAction = z.enum(['approve', 'reject', 'abstain']);

const Changed = z.object({ approvalId: Id, status: ApprovalStatus, position: Position });

/** Somebody asks for an approval that no workflow asked for. */
export const RequestBody = z
  .strictObject({
    /** What it is about. It does not satisfy any of that workflow's transitions. */
    workflowId: Id.optional(),
    subject: Subject,
    level: ApprovalLevel.optional(),
    /** Of level COMMITTEE. */
    quorum: Quorum.optional(),
    approvers: z.array(Approver).max(200).optional(),
    /** Instead of level, quorum and approvers. */
    policy: ApprovalPolicy.optional(),
    reason: Reason,
  })
  .superRefine(({ level, quorum, approvers, policy }, context) => {
    const problem = (path: string, message: string) => {
      context.addIssue({ code: 'custom', path: [path], message });
    };
    if (level === undefined && policy === undefined) problem('level', 'say a level or a policy');
    if (level !== undefined && policy !== undefined) problem('level', 'the policy says it');
    if (policy !== undefined && quorum !== undefined) problem('quorum', 'the policy says it');
    if (policy !== undefined && approvers !== undefined && policy.approvers.length > 0) {
      problem('approvers', 'the policy names them');
    }
  });

export const RequestApproval = defineCommand(
  'approval',
  'request',
  RequestBody,
  Changed.extend({ subjectHash: Sha256, quorum: QuorumState }),
);

export const DecisionBody = z.strictObject({
  action: DecisionAction,
  reason: Reason,
  /** Hash of the subject that the approver was shown. */
  subjectHash: Sha256,
  /** Who has delegated to the caller. */
  onBehalfOf: Person.optional(),
});

export const DecideApproval = defineCommand(
  'approval',
  'decide',
  DecisionBody.extend({ approvalId: Id }),
  Changed.extend({
    decisionId: Id,
    /** Approvals counted so far in the stage, and how many complete it. */
    approvals: z.int().nonnegative(),
    required: z.int().nonnegative(),
    quorum: QuorumState,
  }),
);

/** Under a policy the approvers are of its tiers; absent, its next tier is asked. */
export const EscalationBody = z.strictObject({
  approvers: z.array(Approver).min(1).max(200).optional(),
  reason: Reason,
});
export const EscalateApproval = defineCommand(
  'approval',
  'escalate',
  EscalationBody.extend({ approvalId: Id }),
  Changed.extend({ approvers: z.array(Approver) }),
);

export const WithdrawalBody = z.strictObject({ reason: Reason });
export const WithdrawApproval = defineCommand(
  'approval',
  'withdraw',
  WithdrawalBody.extend({ approvalId: Id }),
  Changed,
);

/** Without an id, the caller's own decision. */
export const RevocationBody = z.strictObject({ decisionId: Id.optional(), reason: Reason });
export const RevokeDecision = defineCommand(
  'approval',
  'revoke',
  RevocationBody.extend({ approvalId: Id }),
  Changed.extend({ decisionId: Id, quorum: QuorumState }),
);

export const CommentBody = z.strictObject({
  text: FreeText.max(4_000),
  kind: z.enum(['comment', 'question', 'answer']).default('comment'),
  /** The question that it answers. */
  answers: Id.optional(),
});
export const CommentOnApproval = defineCommand(
  'approval',
  'comment',
  CommentBody.extend({ approvalId: Id }),
  Changed.extend({ commentId: Id }),
);

export const SubjectBody = z.strictObject({ subject: Subject, reason: Reason.optional() });
export const ChangeSubject = defineCommand(
  'approval',
  'change-subject',
  SubjectBody.extend({ approvalId: Id }),
  Changed.extend({
    subjectHash: Sha256,
    /** Whether the decisions given so far are void. */
    material: z.boolean(),
    changed: z.array(z.string()),
    voided: z.array(Id),
  }),
);

export const ClaimBody = z.strictObject({});
export const ClaimApproval = defineCommand(
  'approval',
  'claim',
  ClaimBody.extend({ approvalId: Id }),
  Changed.extend({ claimedBy: z.string() }),
);
export const ReleaseApproval = defineCommand(
  'approval',
  'release',
  ClaimBody.extend({ approvalId: Id }),
  Changed,
);

/** An emergency override by somebody whom the policy names. */
export const OverrideBody = z.strictObject({ reason: Reason, subjectHash: Sha256 });
export const OverrideApproval = defineCommand(
  'approval',
  'override',
  OverrideBody.extend({ approvalId: Id }),
  Changed,
);

export const ReviewBody = z.strictObject({
  verdict: z.enum(['justified', 'unjustified']),
  reason: Reason,
});
export const CloseReview = defineCommand(
  'approval',
  'close-review',
  ReviewBody.extend({ approvalId: Id }),
  Changed,
);

/** OVERRIDDEN: not complete when an emergency override granted the whole. */
export const StageStatus = z.enum(['WAITING', 'OPEN', 'COMPLETE', 'OVERRIDDEN']);
export type StageStatus = z.infer<typeof StageStatus>;

/** A stage, as it stands. */
const StageState = QuorumState.extend({
  name: z.string().nullable(),
  level: ApprovalLevel,
  status: StageStatus,
  approvers: z.array(Approver).describe('those whom escalation added included'),
});

/** Why an approval stands where it does. */
export const ExplainApproval = defineCommand(
  'approval',
  'explain',
  z.strictObject({ approvalId: Id }),
  z.object({
    approvalId: Id,
    status: ApprovalStatus,
    summary: z.string().describe('one sentence'),
    quorum: QuorumState,
    stages: z.array(StageState),
    waitingOn: z
      .array(
        z.object({
          person: z.string(),
          name: z.string(),
          qualifiedBy: z.string(),
          delegates: z
            .array(z.string())
            .describe('who may decide for that person now, also through others; at most 20'),
          outOfOffice: z.boolean(),
        }),
      )
      .describe('people of the directory who may decide and have not; at most 200'),
    barred: z
      .array(z.object({ person: z.string(), code: z.string(), reason: z.string() }))
      .describe('people whom the policy names and the rules keep out; at most 200'),
    you: z.object({
      person: z.string(),
      mayDecide: z.boolean().describe('for themselves, or only on behalf of others'),
      qualifiedBy: z.string().nullable(),
      onBehalfOf: z.array(z.string()).describe('for whom the caller may decide now'),
      mayOverride: z.boolean().describe('in an emergency, without the others'),
      mayReview: z.boolean().describe('the override that granted it'),
      code: z.string().nullable().describe('with what a decision for themselves would be refused'),
      reason: z.string().nullable().describe('why it would be refused, and how they may decide'),
    }),
    deadlines: z
      .array(z.object({ at: z.iso.datetime(), what: z.string() }))
      .describe('what happens by itself, soonest first'),
    frozen: z.boolean().describe('the workflow is paused: nothing happens by itself'),
    claimedBy: z.string().nullable(),
    openQuestions: z.array(z.object({ commentId: Id, author: z.string(), text: z.string() })),
    incidents: z.array(z.object({ code: z.string(), message: z.string() })),
    decidedBy: z
      .object({ rule: z.string(), people: z.array(z.string()) })
      .nullable()
      .describe('which rule gave the outcome'),
    policy: z.string().describe('the policy in words'),
    directoryRevision: z.int().nonnegative(),
  }),
);

/** Decides many approvals in the same way, on the server. */
export const BulkDecisionBody = z.strictObject({
  action: DecisionAction,
  reason: Reason,
  items: z
    .array(z.strictObject({ approvalId: Id, subjectHash: Sha256 }))
    .min(1)
    .max(500),
  onBehalfOf: Person.optional(),
  /** Typed by a person: the action and the number of items, such as `approve 12`. */
  confirmation: z.string().max(100),
});
export const StartBulkDecision = defineCommand(
  'approval',
  'start-bulk-decision',
  BulkDecisionBody,
  z.object({ jobId: Id, items: z.int().positive(), position: Position }),
);
