import { levelOf } from '../approval-policy.js';
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
  const asksPeople = levelOf(policy) !== 'AUTO';
  const { onRejected } = policy;
  const staysPut = onRejected === undefined || onRejected === transition.from;
  if (transition.trigger === 'automatic' && asksPeople && staysPut) {
    findings.push(
      error(
        'approval.asked-again',
        path,
        'a rejection leaves the instance where this transition is due again: say where it leads',
      ),
    );
  }
  if (policy.level === 'AUTO' && (onRejected !== undefined || policy.approvers.length > 0)) {
    findings.push(warning('approval.unused', path, 'nobody is asked at level AUTO'));
  }
  return findings;
}
