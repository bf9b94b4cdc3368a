import { type ApprovalPolicy, levelOf } from '../approval-policy.js';
import type { Model } from '../analysis/model.js';
import type { TransitionDefinition } from '../definition.js';
import { error, type Finding, warning } from '../finding.js';

/** Approvals that are asked for again and again, or ask nobody. */
export function checkApprovals({ definition }: Model): Finding[] {
  return definition.transitions.flatMap((transition, index) =>
    checkApproval(transition, `/transitions/${index}/requiresApproval`),
  );
}

function checkApproval(transition: TransitionDefinition, path: string): Finding[] {
  const policy = transition.requiresApproval;
  if (policy === undefined) return [];
  const findings: Finding[] = [];
  const mayReject = levelOf(policy) !== 'AUTO' || policy.rule !== undefined;
  const { onRejected } = policy;
  const staysPut = onRejected === undefined || onRejected === transition.from;
  if (transition.trigger === 'automatic' && mayReject && staysPut) {
    findings.push(
      error(
        'approval.asked-again',
        path,
        onRejected === undefined
          ? 'a rejection leads nowhere and leaves an incident: say where it leads'
          : 'a rejection leads back to where this is due, so that it is asked for again at once',
      ),
    );
  }
  if (transition.trigger === 'automatic' && policy.expiry?.outcome === 'cancel') {
    const message =
      'after it expires nothing asks again by itself: the instance has an incident until somebody retries it, which asks everybody anew';
    findings.push(warning('approval.asked-again', `${path}/expiry/outcome`, message));
  }
  return [...findings, ...checkUnused(policy, path)];
}

/** What a policy that asks nobody says about people. */
export function checkUnused(policy: ApprovalPolicy, path: string): Finding[] {
  if (policy.level !== 'AUTO') return [];
  const unused = membersForPeople(policy, policy.rule !== undefined);
  if (unused.length === 0) return [];
  const message = `nobody is asked at level AUTO: ${unused.join(', ')}`;
  return [warning('approval.unused', path, message)];
}

/** Members of a policy that ask something of people, or say what happens when they do not answer. */
function membersForPeople(policy: ApprovalPolicy, mayReject: boolean): string[] {
  const meant = new Set(['level', 'rule', 'mayBeWeakened', ...(mayReject ? ['onRejected'] : [])]);
  return Object.entries(policy).flatMap(([member, value]) => {
    const empty = value === undefined || (Array.isArray(value) && value.length === 0);
    return empty || meant.has(member) ? [] : [member];
  });
}
