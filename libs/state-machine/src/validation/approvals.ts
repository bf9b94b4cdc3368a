import { approvalsNeeded, approverSets, levelOf, roundsOf } from '../approval-policy.js';
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
  const asksPeople = levelOf(policy) !== 'AUTO';
  for (const round of roundsOf(policy)) {
    const { people, groups, roles } = approverSets(round.approvers);
    // How many people a group or a role has is the directory's to say, not the definition's.
    if (groups.length > 0 || roles.length > 0) continue;
    const needed = approvalsNeeded(round, people.length);
    if (people.length >= needed) continue;
    const message = `takes ${needed} people and names ${people.length}`;
    findings.push(error('approval.quorum-unreachable', path, message));
  }
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
