import { rule } from '@countersign/kernel';
import {
  type ApprovalPolicy,
  approvalsNeeded,
  type Organisation,
  roundsOf,
} from '@countersign/state-machine';

/**
 * Whether so many people as a policy of one round takes are there besides those who may not decide. Of an organisation
 * of which nothing is known it is not asked.
 *
 * @param excluded ids or logins: who asks, and whoever started what is to be changed
 * @throws AppError `approval.quorum-unreachable`
 */
export function mustBeDecidable(
  policy: ApprovalPolicy,
  excluded: readonly string[],
  organisation: Organisation,
): void {
  if (organisation.isEmpty) return;
  const out = new Set(excluded.map((id) => organisation.personOf(id)));
  for (const round of roundsOf(policy)) {
    const needed = approvalsNeeded(round);
    const left = [...organisation.named(round.approvers)].filter((person) => !out.has(person));
    if (left.length >= needed) continue;
    const named = round.approvers.join(', ');
    const message = `this takes ${needed} of ${named}; besides those who ask or started a workflow there are ${left.length}`;
    throw rule('approval.quorum-unreachable', message, { details: { needed, there: left.length } });
  }
}
