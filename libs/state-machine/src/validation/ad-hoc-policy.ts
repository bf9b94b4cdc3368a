import type { Json } from '@countersign/kernel';

import type { ApprovalPolicy } from '../approval-policy.js';
import { error, type Finding } from '../finding.js';
import type { Organisation } from '../organisation.js';
import { checkUnused } from './approvals.js';
import { checkTimes } from './deadlines.js';
import { checkMaterialOf } from './material.js';
import { checkPolicyRejections } from './rejections.js';
import { checkSignatureOf } from './signatures.js';
import { checkPolicyUndecided } from './undecided.js';

/**
 * What is wrong with a policy that somebody asks for by hand, by the rules for the policies of definitions. Quorums and
 * rules of level AUTO are not among them: whoever opens the approval looks at these with what is asked.
 *
 * @returns findings with a path into the policy, in the order of the checks
 */
export function adHocPolicyFindings(
  policy: ApprovalPolicy,
  asked: {
    readonly requester: string;
    readonly subject: Readonly<Record<string, Json>>;
    readonly organisation: Organisation;
  },
): Finding[] {
  const { requester, subject, organisation } = asked;
  const known = organisation.isEmpty ? undefined : organisation;
  return [
    ...checkUnused(policy, ''),
    ...checkOnRejected(policy),
    ...checkTimes(policy, (name) => organisation.calendar(name), ''),
    ...checkMaterialOf(subject, policy, ''),
    ...checkSignatureOf(policy, ''),
    ...checkPolicyRejections(policy, known, '', [requester]),
    ...checkPolicyUndecided(policy, known, '', [requester]),
  ];
}

/** There is no instance that a rejection could lead anywhere. */
function checkOnRejected({ onRejected }: ApprovalPolicy): Finding[] {
  if (onRejected === undefined) return [];
  return [error('approval.unused', '/onRejected', 'no workflow waits for this: it leads nowhere')];
}
