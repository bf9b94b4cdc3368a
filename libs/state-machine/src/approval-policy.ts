import { z } from 'zod';

import { Duration } from './duration.js';
import { ApprovalLevel } from './enums.js';
import { ExpressionText } from './expression-text.js';
import { Name } from './names.js';

/** Who may approve: a person's id, `group:<name>` or `role:<name>`. */
export const Approver = z
  .string()
  .max(210)
  .regex(/^(group:|role:)?[^\s:]+$/, 'must be a user id, group:<name> or role:<name>');
export type Approver = z.infer<typeof Approver>;

const Approvers = z.array(Approver).max(200);
const SomeApprovers = Approvers.min(1);

/** How many approvals a COMMITTEE takes: a number, or a part of those who are named, rounded up. */
export const Quorum = z.union([
  z.int().min(1).max(100),
  z.strictObject({ percent: z.int().min(1).max(100) }),
]);
export type Quorum = z.infer<typeof Quorum>;

/** When rejections reject: the first one, the `count`th, or the first of somebody who holds a veto. */
export const RejectionRule = z.union([
  z.literal('any'),
  z.strictObject({ count: z.int().min(1).max(100) }),
  z.strictObject({ veto: SomeApprovers }),
]);
export type RejectionRule = z.infer<typeof RejectionRule>;

/** One of several rounds of approval. The next begins when it is given. */
export const ApprovalStage = z.strictObject({
  name: Name,
  level: z.enum(['SINGLE', 'DUAL', 'COMMITTEE']),
  quorum: Quorum.optional(),
  approvers: SomeApprovers,
  /** As `within` of the policy, for this round. Where both are there, both count. */
  within: Approvers.optional(),
  rejection: RejectionRule.optional(),
});
export type ApprovalStage = z.infer<typeof ApprovalStage>;

/** A field of the subject, as a JSON pointer (RFC 6901). */
const JsonPointer = z
  .string()
  .max(500)
  .regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON pointer such as /notional');

/** The bare object; `ApprovalPolicy` adds the rules between its members. */
export const ApprovalPolicyShape = z.strictObject({
  level: ApprovalLevel.optional().describe(
    'SINGLE: one person. DUAL: two different people. COMMITTEE: as many as the quorum. AUTO: nobody is asked. Left out when there are stages, which have one each.',
  ),
  quorum: Quorum.optional().describe(
    'Approvals that a COMMITTEE takes; the other levels have their own number.',
  ),
  approvers: Approvers.default([]),
  stages: z
    .array(ApprovalStage)
    .min(1)
    .max(10)
    .optional()
    .describe('Several rounds in sequence, instead of level and approvers.'),
  rejection: RejectionRule.optional().describe('When rejections reject. Absent: any.'),
  abstain: z
    .boolean()
    .optional()
    .describe('Whether somebody may say that they take no side, which counts for neither.'),
  rule: ExpressionText.optional().describe(
    'AUTO: CEL over subject that must hold; it and what it saw are recorded.',
  ),
  expiry: z
    .strictObject({ after: Duration, outcome: z.enum(['reject', 'cancel', 'escalate']) })
    .optional()
    .describe('Without a decision in time, this happens.'),
  reminders: z
    .array(Duration)
    .max(5)
    .optional()
    .describe('When those who have not decided are reminded, counted from the request.'),
  escalation: z
    .array(z.strictObject({ after: Duration, approvers: SomeApprovers }))
    .max(5)
    .optional()
    .describe('Who is asked as well, when nothing has been decided for so long; tier by tier.'),
  calendar: Name.optional().describe(
    'Business calendar of the directory in which all of these times run: P1D is a working day, P1W a week of working days, PT8H eight hours of work. Absent: every hour counts, and a day has 24.',
  ),
  material: z
    .array(JsonPointer)
    .min(1)
    .max(100)
    .optional()
    .describe('Fields whose change voids approvals that were given. Absent: all.'),
  signature: z
    .strictObject({ meaning: z.string().min(1).max(200), maxAge: Duration.optional() })
    .optional()
    .describe(
      'What a signature means, such as "reviewed and approved"; deciding then takes having signed in at most maxAge (absent: PT5M) ago.',
    ),
  breakGlass: SomeApprovers.optional().describe(
    'Who may override in an emergency, with a reason and a review afterwards.',
  ),
  within: Approvers.optional().describe(
    'Whoever approvers names must be among these as well: the approvers of the template, where an override names others. Those whom escalation adds need not be. Absent: no further condition.',
  ),
  mayBeWeakened: z
    .boolean()
    .optional()
    .describe(
      'Whether an override of an instance may also ask for less. Absent: it may only ask for more.',
    ),
  auditRefusals: z
    .boolean()
    .optional()
    .describe('Whether decisions that are refused are recorded. Absent: they are not.'),
  onRejected: Name.optional().describe(
    'The state that a rejection leads to. Absent: the instance stays where it is.',
  ),
});

/**
 * What has to be approved before a transition is made, and by whom.
 *
 * - SINGLE: one person. DUAL: two different people. COMMITTEE: `quorum` different people.
 * - The requester is never one of them, and one rejection rejects unless `rejection` says otherwise.
 * - AUTO: approved as soon as it is asked for; the record says that no person looked.
 */
export const ApprovalPolicy = ApprovalPolicyShape.superRefine((policy, context) => {
  const problem = (path: (string | number)[], message: string): void => {
    context.addIssue({ code: 'custom', path, message });
  };
  const { stages } = policy;
  if (stages === undefined) {
    if (policy.level === undefined) problem(['level'], 'say a level, or stages');
    else quorumProblem(policy.level, policy.quorum, (message) => problem(['quorum'], message));
    if (policy.level !== undefined && policy.level !== 'AUTO' && policy.approvers.length === 0) {
      problem(['approvers'], 'name at least one approver');
    }
  } else {
    for (const member of ['level', 'quorum', 'rejection'] as const) {
      if (policy[member] !== undefined) problem([member], 'belongs to the stages');
    }
    if (policy.approvers.length > 0) problem(['approvers'], 'belong to the stages');
    for (const [index, { level, quorum }] of stages.entries()) {
      quorumProblem(level, quorum, (message) => problem(['stages', index, 'quorum'], message));
    }
  }
  if (policy.rule !== undefined && policy.level !== 'AUTO') problem(['rule'], 'only AUTO has one');
});
export type ApprovalPolicy = z.infer<typeof ApprovalPolicy>;

function quorumProblem(
  level: ApprovalLevel,
  quorum: Quorum | undefined,
  problem: (message: string) => void,
): void {
  if (level === 'COMMITTEE' && quorum === undefined) problem('a COMMITTEE needs a quorum');
  if (level !== 'COMMITTEE' && quorum !== undefined) problem('only a COMMITTEE has a quorum');
}

/** What one round of a policy asks for. */
export interface Round {
  readonly name?: string;
  readonly level: ApprovalLevel;
  readonly quorum?: Quorum | undefined;
  readonly approvers: readonly Approver[];
  /** Of a stage only: the policy's own `within` holds for every round. */
  readonly within?: readonly Approver[] | undefined;
  readonly rejection?: RejectionRule | undefined;
}

/** The rounds of a policy: its stages, or itself as the only one. */
export function roundsOf(policy: ApprovalPolicy): readonly Round[] {
  const { stages, level = 'AUTO', quorum, approvers, rejection } = policy;
  return stages ?? [{ level, quorum, approvers, rejection }];
}

const ASCENDING: readonly ApprovalLevel[] = ['AUTO', 'SINGLE', 'DUAL', 'COMMITTEE'];

/** How strong a level is among the others: a number to compare with theirs. */
export function strengthOf(level: ApprovalLevel): number {
  return ASCENDING.indexOf(level);
}

/** The strongest level among a policy's rounds. */
export function levelOf(policy: ApprovalPolicy): ApprovalLevel {
  const strengths = roundsOf(policy).map(({ level }) => strengthOf(level));
  return ASCENDING[Math.max(...strengths)] ?? 'AUTO';
}

/**
 * How many different people have to approve; 0 for AUTO.
 *
 * @param named how many people are named, for a quorum that is a part of them
 */
export function approvalsNeeded(round: Pick<Round, 'level' | 'quorum'>, named = 0): number {
  switch (round.level) {
    case 'AUTO':
      return 0;
    case 'SINGLE':
      return 1;
    case 'DUAL':
      return 2;
    case 'COMMITTEE':
      if (typeof round.quorum === 'number') return round.quorum;
      return Math.max(1, Math.ceil((named * (round.quorum?.percent ?? 100)) / 100));
  }
}

/** Somebody who is signed in, or a part of the product: what they are named by. */
export interface Identity {
  readonly id: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** How somebody is named in a list: `alice`, `role:risk-officer`, `group:trade-approvers`; undefined when not at all. */
export function namedAs(list: readonly string[], identity: Identity): string | undefined {
  const { people, roles, groups } = approverSets(list);
  if (people.includes(identity.id)) return identity.id;
  const role = roles.find((name) => identity.roles.includes(name));
  if (role !== undefined) return `role:${role}`;
  const group = groups.find((name) => identity.groups.includes(name));
  return group === undefined ? undefined : `group:${group}`;
}

/** Approvers by kind, without repetition, in the order they are named. */
export interface ApproverSets {
  readonly people: readonly string[];
  readonly groups: readonly string[];
  readonly roles: readonly string[];
}

/** Sorts the approvers of a policy by kind. */
export function approverSets(approvers: readonly Approver[]): ApproverSets {
  const named = (prefix: string): string[] => [
    ...new Set(approvers.filter((a) => a.startsWith(prefix)).map((a) => a.slice(prefix.length))),
  ];
  return {
    people: [...new Set(approvers.filter((a) => !/^(group|role):/.test(a)))],
    groups: named('group:'),
    roles: named('role:'),
  };
}
