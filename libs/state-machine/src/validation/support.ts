import type { ApprovalPolicy } from '../approval-policy.js';
import type { Model } from '../analysis/model.js';
import { error, type Finding } from '../finding.js';
import { ENFORCED_POLICY_MEMBERS, SUPPORTED_ACTIONS } from './options.js';
import { actionsIn, policiesIn } from './places.js';

/** What a definition asks for and nothing carries out: refused, so that it is never just ignored. */
export function checkSupport({ definition, options: { supports } }: Model): Finding[] {
  const enforced = new Set(supports?.policy ?? ENFORCED_POLICY_MEMBERS);
  const carriedOut = new Set(supports?.actions ?? SUPPORTED_ACTIONS);
  const policies = policiesIn(definition).flatMap(({ policy, path }) =>
    askedFor(policy)
      .filter((member) => !enforced.has(member))
      .map((member) =>
        error('approval.not-enforced', `${path}/${member}`, `${member} is not enforced yet`),
      ),
  );
  const actions = actionsIn(definition)
    .filter(({ action }) => !carriedOut.has(action.type))
    .map(({ action, path }) =>
      error('action.not-supported', path, `nothing carries out a ${action.type} action yet`),
    );
  return [...policies, ...actions];
}

/** The members that a policy uses; one that says what holds without it is not among them. */
function askedFor(policy: ApprovalPolicy): string[] {
  return Object.entries(policy).flatMap(([member, value]) => {
    const neutral =
      value === undefined ||
      (member === 'rejection' && value === 'any') ||
      (member === 'abstain' && value === false) ||
      (member === 'reminders' && Array.isArray(value) && value.length === 0) ||
      (member === 'escalation' && Array.isArray(value) && value.length === 0);
    if (neutral) return [];
    return [member === 'quorum' && typeof value === 'object' ? 'quorum/percent' : member];
  });
}
