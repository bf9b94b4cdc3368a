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
        'a rejection leaves the instance where this transition is due again: say where it leads',
      ),
    );
  }
  if (transition.trigger === 'automatic' && policy.expiry?.outcome === 'cancel') {
    const message = 'this transition is due again as soon as it expires, and asks everybody anew';
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
