import { approvalsNeeded, approverSets } from '../approval-policy.js';
import type { TransitionDefinition, WorkflowDefinition } from '../definition.js';
import { error, type Finding, warning } from '../finding.js';

/** Approvals that cannot be reached, are asked for again and again, or ask nobody. */
export function checkApprovals(definition: WorkflowDefinition): Finding[] {
  return definition.transitions.flatMap((transition, index) =>
    checkApproval(transition, `/transitions/${index}/requiresApproval`),
  );
}

function checkApproval(transition: TransitionDefinition, path: string): Finding[] {
  const policy = transition.requiresApproval;
  if (policy === undefined) return [];
  const findings: Finding[] = [];
  const { people, groups, roles } = approverSets(policy.approvers);
  const needed = approvalsNeeded(policy);
  // How many people a group or a role has is the directory's to say, not the definition's.
  if (groups.length === 0 && roles.length === 0 && people.length < needed) {
    findings.push(
      error(
        'approval.quorum-unreachable',
        path,
        `takes ${needed} people and names ${people.length}`,
      ),
    );
  }
  const { onRejected } = policy;
  const staysPut = onRejected === undefined || onRejected === transition.from;
  if (transition.trigger === 'automatic' && needed > 0 && staysPut) {
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
