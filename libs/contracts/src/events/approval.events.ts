import { ApprovalPolicy, Approver } from '@countersign/state-machine/schemas';
import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { BusinessKey, Id, JsonRecord, RecordedReason, Sha256 } from '../scalars.js';

const approval = {
  approvalId: Id,
  /** The instance that waits for it, or that an ad-hoc request names; absent for a bulk job's. */
  workflowId: Id.optional(),
  bulkJobId: Id.optional(),
  /** Absent for an ad-hoc request. */
  template: z.string().optional(),
  businessKey: BusinessKey.optional(),
  /** What decides who may see it, such as a desk. */
  scope: z.string().optional(),
};

const Time = z.iso.datetime();

/** When something happens by itself. In the calendar of the policy, as it was when this was reckoned. */
export const Deadlines = z.object({
  /** From this moment on no decision counts, unless the policy escalates then. */
  expiresAt: Time.optional(),
  reminders: z.array(Time).optional(),
  /** When each tier of the policy's escalation is asked as well. */
  escalations: z.array(Time).optional(),
});
export type Deadlines = z.infer<typeof Deadlines>;

/** What a signature means, whose it is, and when that person last proved who they are. */
export const Signature = z.object({
  meaning: z.string(),
  /** The signer's name as the directory has it, else the id. */
  name: z.string(),
  authenticatedAt: Time,
  authMethod: z.string(),
});
export type Signature = z.infer<typeof Signature>;

const decision = {
  decisionId: Id,
  /** The person who decided. */
  approver: z.string(),
  /** For whom, when not for themselves. Both count as having decided. */
  onBehalfOf: z.string().optional(),
  /** The delegations that lead from that person to the approver, in order. */
  delegations: z.array(Id).optional(),
  action: z.enum(['approve', 'reject', 'abstain']),
  reason: RecordedReason,
  /** Which stage it counts for, from 0. */
  stage: z.int().nonnegative().optional(),
  /** Other people without whose acts it could not have been made: rules that keep them out keep it out. */
  restsOn: z
    .object({
      /** They changed the directory since the request, or entered a delegation for somebody. */
      changes: z.array(z.string()).optional(),
      /** They stand between the two in the chain of delegations. */
      deputies: z.array(z.string()).optional(),
      /** They asked for more approvers. */
      escalations: z.array(z.string()).optional(),
    })
    .optional(),
  /** How the policy names the person for whom it was decided: `alice`, `role:risk-officer`, `group:x`. */
  qualifiedBy: z.string(),
  signature: Signature.optional(),
  /** Of what the person was shown: another one than the outcome's where only what is not material has changed. */
  subjectHash: Sha256.optional(),
  /** The moment that was held against the deadline. */
  decidedAt: Time.optional(),
};

/** A decision that counted, in an outcome. */
export const CountedDecision = z.object(decision);
export type CountedDecision = z.infer<typeof CountedDecision>;

/** What every outcome says, so that whoever hears of it can act without asking back. */
const outcome = {
  /** A person asked for it: no workflow or job waits. */
  adHoc: z.literal(true).optional(),
  requester: z.string().optional(),
  /** Why it was asked for. */
  requestReason: z.string().optional(),
  subject: JsonRecord.optional(),
  subjectHash: Sha256.optional(),
  decisions: z.array(CountedDecision).optional(),
};

/** An approval is open. */
export const ApprovalRequested = defineEvent('approval.requested', {
  ...approval,
  requester: z.string(),
  /** Those who made the subject what it is; like the requester they may not decide. */
  editors: z.array(z.string()),
  /** Asked for by a person, not by a workflow or job: it satisfies no transition. */
  adHoc: z.literal(true).optional(),
  /** An ad-hoc request that names a level and no policy: anybody may be asked as well later. */
  openEscalation: z.literal(true).optional(),
  reason: z.string().optional(),
  policy: ApprovalPolicy,
  /** Approvals by different people that complete the first stage. */
  required: z.int().nonnegative(),
  /** Who holds the veto of each stage that has one, as far as these are a thousand people at most. */
  vetoHolders: z.array(z.array(z.string())).optional(),
  /** What the later stages would take by the organisation at that time: they never take less. */
  laterRequired: z.array(z.int().nonnegative()).optional(),
  subject: JsonRecord,
  subjectHash: Sha256,
  deadlines: Deadlines.optional(),
  /** Revision of the directory that `required` and the deadlines were reckoned with. */
  directoryRevision: z.int().nonnegative().optional(),
});

/** One person's decision, with what the person was shown. */
export const ApprovalDecisionRecorded = defineEvent('approval.decision-recorded', {
  ...approval,
  ...decision,
  subjectHash: Sha256,
  subject: JsonRecord.optional(),
  /** Revision of the directory by which the person was eligible. */
  directoryRevision: z.int().nonnegative().optional(),
});

/** A stage is complete, and the next one begins. */
export const ApprovalStageCompleted = defineEvent('approval.stage-completed', {
  ...approval,
  /** From 0. */
  stage: z.int().nonnegative(),
  name: z.string(),
  approvers: z.array(z.string()),
  next: z.object({
    stage: z.int().positive(),
    name: z.string(),
    required: z.int().positive(),
    directoryRevision: z.int().nonnegative(),
  }),
});

/** Level AUTO: what was evaluated, over which values, in which version of the expression language. */
const AppliedRule = z.object({ expression: z.string(), inputs: JsonRecord, language: z.string() });

/** The outcome, published once: the quorum of every stage is reached. */
export const ApprovalGranted = defineEvent('approval.granted', {
  ...approval,
  ...outcome,
  /** Those who approved, in order; empty for level AUTO and after an emergency override. */
  approvers: z.array(z.string()),
  level: z.string(),
  subjectHash: Sha256,
  /** AUTO: what was evaluated, over which values, in which version of the expression language. */
  rule: z.object({ expression: z.string(), inputs: JsonRecord, language: z.string() }).optional(),
  /** Somebody used an emergency override; a review is open. */
  overriddenBy: z.string().optional(),
});

/** The outcome, published once: the policy's rejection rule is met. */
export const ApprovalRejected = defineEvent('approval.rejected', {
  ...approval,
  ...outcome,
  /** Who met it; absent when the rule of level AUTO did not hold. */
  rejectedBy: z.string().optional(),
  rule: AppliedRule.optional(),
  reason: z.string(),
  subjectHash: Sha256,
});

/** The outcome, published once: the deadline passed. */
export const ApprovalTimedOut = defineEvent('approval.timed-out', {
  ...approval,
  ...outcome,
  /** What the policy says: as if rejected, or as if never asked. */
  outcome: z.enum(['reject', 'cancel']),
  deadline: Time,
});

/** The outcome, published once: whoever asked no longer asks. */
export const ApprovalWithdrawn = defineEvent('approval.withdrawn', {
  ...approval,
  ...outcome,
  reason: z.string(),
  withdrawnBy: z.string().optional(),
});

/** The outcome, published once: the workflow or job that waited for it ended or moved on. */
export const ApprovalCancelled = defineEvent('approval.cancelled', {
  ...approval,
  ...outcome,
  reason: z.string(),
});

/** More people are asked, for the stage that is open. */
export const ApprovalEscalated = defineEvent('approval.escalated', {
  ...approval,
  approvers: z.array(Approver),
  stage: z.int().nonnegative(),
  /** The tier of the policy, from 0; absent for an ad-hoc escalation. */
  tier: z.int().nonnegative().optional(),
  /** A time of the policy, its expiry, the timeout of the workflow, or a person. */
  cause: z.enum(['timeout', 'expiry', 'workflow-timeout', 'person']),
  escalatedBy: z.string().optional(),
  reason: z.string().optional(),
});

/** Those who have not decided are reminded: for whoever sends the messages. */
export const ApprovalReminded = defineEvent('approval.reminded', {
  ...approval,
  /** From 0. */
  reminder: z.int().nonnegative(),
  /** Who is asked now. */
  approvers: z.array(Approver),
  /** People of the directory who may decide and have not. */
  waitingFor: z.array(z.string()),
  expiresAt: Time.optional(),
});

/** What is asked was changed by the requester. */
export const ApprovalSubjectChanged = defineEvent('approval.subject-changed', {
  ...approval,
  changedBy: z.string(),
  reason: z.string().optional(),
  subject: JsonRecord,
  subjectHash: Sha256,
  previousHash: Sha256,
  /** JSON pointers of what differs: at most 100 of them. */
  changed: z.array(z.string()),
  /** Whether something that the policy calls material did: then every decision is void. */
  material: z.boolean(),
  voided: z.array(Id),
  /** Of the first stage, which is open again after a material change. */
  required: z.int().nonnegative().optional(),
});

/**
 * A decision counts no more: somebody took theirs back, or the directory has learned who they are and a rule keeps that
 * person out. `stage` is open again; what was decided later is void.
 */
export const ApprovalDecisionRevoked = defineEvent('approval.decision-revoked', {
  ...approval,
  decisionId: Id,
  approver: z.string(),
  reason: z.string(),
  /** The rule that keeps the person out; absent: it was taken back. */
  ruledOut: z
    .enum(['approval.self-approval', 'approval.excluded', 'approval.already-decided'])
    .optional(),
  stage: z.int().nonnegative(),
  /** Decisions of later stages. */
  voided: z.array(Id),
});

/** A remark, a question, or an answer to one. */
export const ApprovalCommented = defineEvent('approval.commented', {
  ...approval,
  commentId: Id,
  author: z.string(),
  kind: z.enum(['comment', 'question', 'answer']),
  text: z.string(),
  /** The question that it answers. */
  answers: Id.optional(),
});

/** Somebody says that they are looking at it. Others may decide all the same. */
export const ApprovalClaimed = defineEvent('approval.claimed', {
  ...approval,
  claimedBy: z.string(),
});

export const ApprovalReleased = defineEvent('approval.released', {
  ...approval,
  claimedBy: z.string(),
  releasedBy: z.string(),
});

/** The workflow is paused: nothing happens by itself. */
export const ApprovalDeadlinesFrozen = defineEvent('approval.deadlines-frozen', {
  ...approval,
  /** Milliseconds that were left. */
  remaining: z.object({
    expiry: z.int().nonnegative().optional(),
    reminders: z.array(z.int().nonnegative()),
    escalations: z.array(z.int().nonnegative()),
  }),
});

export const ApprovalDeadlinesResumed = defineEvent('approval.deadlines-resumed', {
  ...approval,
  deadlines: Deadlines,
});

const problem = {
  ...approval,
  /** `approval.quorum-unreachable`, `approval.rule-failed`, `approval.unknown-calendar` */
  code: z.string(),
};

/** It cannot be decided as it stands: a person has to look. */
export const ApprovalIncidentRaised = defineEvent('approval.incident-raised', {
  ...problem,
  /** Names the rule that is not met. */
  message: z.string(),
});

export const ApprovalIncidentResolved = defineEvent('approval.incident-resolved', {
  ...problem,
  resolution: z.string(),
});

/** An emergency override by somebody whom the policy names. The outcome follows; a review is open. */
export const ApprovalOverridden = defineEvent('approval.overridden', {
  ...approval,
  overriddenBy: z.string(),
  reason: z.string(),
  qualifiedBy: z.string(),
  subject: JsonRecord,
  subjectHash: Sha256,
  directoryRevision: z.int().nonnegative(),
  signature: Signature.optional(),
});

/** Somebody else has looked at an emergency override. */
export const ApprovalReviewClosed = defineEvent('approval.review-closed', {
  ...approval,
  closedBy: z.string(),
  verdict: z.enum(['justified', 'unjustified']),
  reason: z.string(),
});

/** A decision was refused. Recorded where the policy says so. */
export const ApprovalDecisionRefused = defineEvent('approval.decision-refused', {
  ...approval,
  actor: z.string(),
  onBehalfOf: z.string().optional(),
  action: z.string(),
  code: z.string(),
  message: z.string(),
});

export const approvalEvents = [
  ApprovalRequested,
  ApprovalDecisionRecorded,
  ApprovalStageCompleted,
  ApprovalGranted,
  ApprovalRejected,
  ApprovalTimedOut,
  ApprovalWithdrawn,
  ApprovalCancelled,
  ApprovalEscalated,
  ApprovalReminded,
  ApprovalSubjectChanged,
  ApprovalDecisionRevoked,
  ApprovalCommented,
  ApprovalClaimed,
  ApprovalReleased,
  ApprovalDeadlinesFrozen,
  ApprovalDeadlinesResumed,
  ApprovalIncidentRaised,
  ApprovalIncidentResolved,
  ApprovalOverridden,
  ApprovalReviewClosed,
  ApprovalDecisionRefused,
] as const;
export type ApprovalEvent = EventOf<typeof approvalEvents>;
