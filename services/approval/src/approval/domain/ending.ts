import { rule } from '@countersign/kernel';

import { assertOpen } from './admission.js';
import { existing } from './decide.js';
import { type Cause, Draft, type Events } from './draft.js';
import { distrustOf, trustedIn } from './eligibility.js';
import { identityOf, outcomeOf } from './identity.js';
import { ended } from './outcome.js';
import { watchQuorum } from './reachability.js';
import { peopleBehind } from './stages.js';
import { type ApprovalState, isOpen, type Vote } from './state.js';

/**
 * Whoever asked no longer asks.
 *
 * @throws AppError `approval.not-found`, `approval.not-open`, `approval.not-the-requester`
 */
export function withdrawApproval(state: ApprovalState, reason: string, cause: Cause): Events {
  const current = existing(state);
  assertOpen(current, cause.now);
  const { organisation, actor } = cause;
  const withdrawnBy = organisation.personOf(actor.id);
  if (organisation.personOf(current.request.requester) !== withdrawnBy) {
    throw rule('approval.not-the-requester', 'only who asked withdraws');
  }
  const data = { ...outcomeOf(current), reason, withdrawnBy };
  return ended(current, { type: 'approval.withdrawn', data });
}

/** Closes an approval whose workflow or job no longer needs it. */
export function cancelApproval(state: ApprovalState, reason: string): Events {
  if (!state.exists || !isOpen(state)) return [];
  const data = { ...outcomeOf(state), reason };
  return ended(state, { type: 'approval.cancelled', data });
}

/**
 * Somebody takes a decision back, their own or the one that was made for them. Its stage is open again.
 *
 * @throws AppError `approval.not-found`, `approval.not-open`, `approval.no-such-decision`, `approval.excluded`
 */
export function revokeDecision(
  state: ApprovalState,
  { decisionId, reason }: { readonly decisionId?: string | undefined; readonly reason: string },
  cause: Cause,
): Events {
  const current = existing(state);
  assertOpen(current, cause.now);
  const person = cause.organisation.personOf(cause.actor.id);
  const mine = (vote: Vote) => peopleBehind(vote, cause.organisation).includes(person);
  const vote = current.votes.find(
    (each) => mine(each) && (decisionId === undefined || each.decisionId === decisionId),
  );
  if (!vote) throw rule('approval.no-such-decision', 'no decision of yours counts here');
  if (
    !trustedIn(current, cause.organisation).isActive(person) &&
    cause.organisation.isActive(person)
  ) {
    const exclusion = distrustOf(current, person, [], cause.organisation);
    throw rule(exclusion.code, exclusion.reason);
  }
  const later = current.votes.filter(({ stage }) => stage > vote.stage);
  const draft = new Draft(current, cause);
  draft.add({
    type: 'approval.decision-revoked',
    data: {
      ...identityOf(current.request),
      decisionId: vote.decisionId,
      approver: vote.approver,
      reason,
      stage: vote.stage,
      voided: later.map((each) => each.decisionId),
    },
  });
  watchQuorum(draft);
  return draft.events;
}
