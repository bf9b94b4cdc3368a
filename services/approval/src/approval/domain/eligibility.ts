import type { Actor } from '@countersign/kernel';
import { type ApprovalPolicy, type Approver, approverSets } from '@countersign/state-machine';

/**
 * By which rule of a policy somebody may decide: `alice`, `role:risk-officer`,
 * `group:trade-approvers`; undefined when by none.
 */
export function qualification(policy: ApprovalPolicy, actor: Actor): string | undefined {
  if (policy.within && nameOf(policy.within, actor) === undefined) return undefined;
  return nameOf(policy.approvers, actor);
}

/** How somebody is named among approvers. */
function nameOf(approvers: readonly Approver[], actor: Actor): string | undefined {
  const { people, roles, groups } = approverSets(approvers);
  if (people.includes(actor.id)) return actor.id;
  const role = roles.find((name) => actor.roles.includes(name));
  if (role !== undefined) return `role:${role}`;
  const group = groups.find((name) => actor.groups.includes(name));
  return group === undefined ? undefined : `group:${group}`;
}
