import type { Draft } from './draft.js';
import { identityOf } from './identity.js';
import { type RuledOut, ruledOut } from './counting.js';

/**
 * Strikes out the decisions that the directory rules out by now. One that completed a stage opens it again, and what was
 * decided later is void.
 */
export function strikeOut(draft: Draft): void {
  for (let out = firstOut(draft); out !== undefined; out = firstOut(draft)) strike(draft, out);
}

const firstOut = ({ state, moment }: Draft): RuledOut | undefined =>
  ruledOut(state, moment.organisation)[0];

function strike(draft: Draft, { vote, code, reason }: RuledOut): void {
  const { request, stage, votes } = draft.state;
  const { decisionId, approver } = vote;
  const opens = vote.action === 'approve' ? vote.stage : stage;
  const later = votes.filter((each) => each.stage > opens);
  draft.add({
    type: 'approval.decision-revoked',
    data: {
      ...identityOf(request),
      decisionId,
      approver,
      reason: `the directory says who ${approver} is: ${reason}`,
      ruledOut: code,
      stage: opens,
      voided: later.map((each) => each.decisionId),
    },
  });
}
