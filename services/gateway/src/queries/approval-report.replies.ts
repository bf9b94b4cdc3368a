import { ApprovalStatus, Id } from '@countersign/contracts';
import { Approver } from '@countersign/state-machine';
import { z } from 'zod';

import { Timestamp } from './parameters.js';

/** Items of a list at most; `total` says how many there are. */
export const MOST = 100;

const Count = z.int().nonnegative();
const Seconds = z.number().nonnegative();

/** At most `MOST` items of a list. */
const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item).max(MOST),
    total: Count,
    truncated: z.boolean().describe('there are more than are shown'),
  });

const Times = z
  .object({
    count: Count,
    medianSeconds: Seconds.nullable(),
    p90Seconds: Seconds.nullable(),
    longestSeconds: Seconds.nullable(),
  })
  .describe('interpolated between neighbours; null where nothing was measured');

const measures = {
  toFirstDecision: Times.describe(
    'from the request to the first decision, where that is of the range',
  ),
  toOutcome: Times.describe(
    'from the request to APPROVED or REJECTED of the range, by people: neither by a rule nor by an override',
  ),
};

const Decided = z.object({ decisions: Count, approvals: Count });

/** Which approval something happened to. */
const approval = {
  approvalId: Id,
  template: z.string().nullable().describe('null for an ad-hoc request'),
  businessKey: z.string().nullable(),
  requester: z.string(),
  at: Timestamp,
};

const Override = z.object({
  ...approval,
  overriddenBy: z.string(),
  qualifiedBy: z.string(),
  reason: z.string(),
  review: z.enum(['OPEN', 'CLOSED']),
  closedBy: z.string().nullable(),
  verdict: z.enum(['justified', 'unjustified']).nullable(),
  reviewReason: z.string().nullable(),
  closedAt: Timestamp.nullable(),
  openSeconds: Seconds.describe('how long the review was open, or is so far'),
});

/** With what the rules about who may decide refuse a person. */
export const SEGREGATION = [
  'approval.self-approval',
  'approval.excluded',
  'approval.already-decided',
  'approval.not-an-approver',
] as const;

const Refusal = z.object({
  ...approval,
  actor: z.string(),
  onBehalfOf: z.string().nullable(),
  action: z.string(),
  code: z.enum(SEGREGATION),
});

const OnBehalf = z.object({
  ...approval,
  stage: Count.describe('from 0'),
  approver: z.string(),
  onBehalfOf: z.string(),
  delegations: z.array(Id).describe('that lead from that person to the approver'),
  action: z.enum(['approve', 'reject', 'abstain']),
});

const Escalation = z.object({
  ...approval,
  stage: Count.describe('from 0'),
  approvers: z.array(Approver).describe('who was asked as well'),
  tier: Count.nullable().describe('of the policy, from 0; null where a person named them'),
  cause: z.enum(['timeout', 'expiry', 'workflow-timeout', 'person']),
  escalatedBy: z.string().nullable(),
  reason: z.string().nullable(),
});

const Expired = z.object({
  ...approval,
  outcome: z.enum(['reject', 'cancel']),
  deadline: Timestamp,
});

const ENDS = ApprovalStatus.exclude(['PENDING', 'IN_PROGRESS']);
/** Of approvals that have ended. */
export type EndStatus = z.infer<typeof ENDS>;
export const endStatuses = ENDS.options;

export const ApprovalReport = z.object({
  from: Timestamp.describe('inclusive'),
  to: Timestamp.describe('exclusive'),
  template: z.string().nullable(),
  person: z.string().nullable(),
  minimum: Count,
  outcomes: z.object({
    requested: Count.describe('asked for in the range'),
    stillOpen: Count.describe('of those'),
    ended: z.record(ENDS, Count).describe('of the range, whenever they were asked for'),
    automatic: Count.describe('of those: decided by a rule, by nobody'),
    overridden: Count.describe('of those: granted in an emergency'),
  }),
  decisionTimes: z.object({
    ...measures,
    byTemplate: listOf(z.object({ template: z.string().nullable(), ...measures })),
    byApprover: listOf(
      z.object({
        approver: z.string(),
        decisions: Times.describe('from when its stage could be decided to the decision'),
      }),
    ),
  }),
  neverRejected: listOf(
    Decided.extend({ person: z.string(), abstentions: Count, onBehalfOfOthers: Count }),
  ).describe('who decided at least `minimum` times in the range and rejected nothing'),
  reciprocalPairs: listOf(
    z.object({
      first: z.string(),
      second: z.string(),
      firstOnSecond: Decided.describe('decisions of the first on requests of the second'),
      secondOnFirst: Decided,
    }),
  ).describe('people who decided what the other asked for; also on behalf of one of them'),
  overrides: listOf(Override).extend({ openReviews: Count }),
  segregation: z.object({
    refusals: listOf(Refusal)
      .extend({ byCode: z.record(z.enum(SEGREGATION), Count) })
      .describe(
        'decisions that the rules about who may decide refused, `approval.not-an-approver` with `onBehalfOf` for somebody who has not delegated among them; recorded where the policy says `auditRefusals`',
      ),
    onBehalf: listOf(OnBehalf),
    escalations: listOf(Escalation).describe('approvers who were added'),
  }),
  expired: listOf(Expired),
});
export type ApprovalReport = z.infer<typeof ApprovalReport>;
