import type { Actor } from '@countersign/kernel';
import { type ApprovalPolicy, namedAs } from '@countersign/state-machine';

/**
 * By which rule of a policy somebody may decide: `alice`, `role:risk-officer`,
 * `group:trade-approvers`; undefined when by none.
 */
export function qualification(policy: ApprovalPolicy, actor: Actor): string | undefined {
  if (policy.within && namedAs(policy.within, actor) === undefined) return undefined;
  return namedAs(policy.approvers, actor);
}
