import { z } from 'zod';

import { ApprovalLevel } from './enums.js';
import { Name } from './names.js';

/** Who may approve: a person's id, `group:<name>` or `role:<name>`. */
export const Approver = z
  .string()
  .max(210)
  .regex(/^(group:|role:)?[^\s:]+$/, 'must be a user id, group:<name> or role:<name>');
export type Approver = z.infer<typeof Approver>;

/** The bare object; `ApprovalPolicy` adds the rules between its members. */
export const ApprovalPolicyShape = z.strictObject({
  level: ApprovalLevel,
  /** Approvals that a COMMITTEE takes; the other levels have their own number. */
  quorum: z.int().min(1).max(100).optional(),
  approvers: z.array(Approver).max(200).default([]),
  /**
   * Who approves must be among these as well: the approvers of the template, where an override names others.
   * Absent: no further condition.
   */
  within: z.array(Approver).max(200).optional(),
  /** The state that a rejection leads to. Absent: the instance stays where it is. */
  onRejected: Name.optional(),
});

/**
 * What has to be approved before a transition is made, and by whom.
 *
 * - SINGLE: one person. DUAL: two different people. COMMITTEE: `quorum` different people.
 * - The requester is never one of them, and one rejection rejects.
 * - AUTO: approved as soon as it is asked for; the record says that no person looked.
 */
export const ApprovalPolicy = ApprovalPolicyShape.superRefine((policy, context) => {
  const problem = (field: string, message: string): void => {
    context.addIssue({ code: 'custom', path: [field], message });
  };
  if (policy.level === 'COMMITTEE' && policy.quorum === undefined) {
    problem('quorum', 'a COMMITTEE needs a quorum');
  }
  if (policy.level !== 'COMMITTEE' && policy.quorum !== undefined) {
    problem('quorum', 'only a COMMITTEE has a quorum');
  }
  if (policy.level !== 'AUTO' && policy.approvers.length === 0) {
    problem('approvers', 'name at least one approver');
  }
});
export type ApprovalPolicy = z.infer<typeof ApprovalPolicy>;

/** How many different people have to approve; 0 for AUTO. */
export function approvalsNeeded(policy: Pick<ApprovalPolicy, 'level' | 'quorum'>): number {
  switch (policy.level) {
    case 'AUTO':
      return 0;
    case 'SINGLE':
      return 1;
    case 'DUAL':
      return 2;
    case 'COMMITTEE':
      return policy.quorum ?? 1;
  }
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
