import { forbidden, isSystem, rule } from '@countersign/kernel';

import { assertOpen, isApprover, signatureOf } from './admission.js';
import { assertSubject, existing } from './decide.js';
import { type Cause, Draft, type Events } from './draft.js';
import { distrustOf, exclusionOf, trustedIn } from './eligibility.js';
import { isTrustedAdministrator } from './escalate.js';
import { identityOf } from './identity.js';
import { grant } from './settle.js';
import type { ApprovalState, ExistingApproval } from './state.js';

/**
 * Grants in an emergency, and opens a review of that.
 *
 * @throws AppError `approval.not-found`, `approval.not-open`, `approval.stale-subject`, `approval.not-a-person`,
 *   `approval.self-approval`, `approval.excluded`, `approval.not-an-approver`, `approval.reauthentication-needed`
 */
export function overrideApproval(
  state: ApprovalState,
  { reason, subjectHash }: { readonly reason: string; readonly subjectHash: string },
  cause: Cause,
): Events {
  const current = existing(state);
  assertOpen(current, cause.now);
  assertSubject(current, subjectHash);
  const { organisation, actor } = cause;
  if (isSystem(actor)) throw forbidden('approval.not-a-person', 'only people override');
  const overriddenBy = organisation.personOf(actor.id);
  const exclusion = exclusionOf(current, overriddenBy, organisation, 'overrides');
  if (exclusion) throw rule(exclusion.code, exclusion.reason);
  const { breakGlass = [] } = current.request.policy;
  const trusted = trustedIn(current, organisation);
  const qualifiedBy = trusted.qualifies(overriddenBy, breakGlass, actor);
  if (qualifiedBy === undefined) {
    if (organisation.qualifies(overriddenBy, breakGlass, actor) !== undefined) {
      const distrusted = distrustOf(current, overriddenBy, breakGlass, organisation);
      throw rule(distrusted.code, distrusted.reason);
    }
    throw forbidden('approval.not-an-approver', 'the policy does not let you override', {
      details: { breakGlass },
    });
  }
  const signature = signatureOf(current, overriddenBy, cause);
  const draft = new Draft(current, cause);
  draft.add({
    type: 'approval.overridden',
    data: {
      ...identityOf(current.request),
      overriddenBy,
      reason,
      qualifiedBy,
      subject: current.subject,
      subjectHash: current.subjectHash,
      directoryRevision: organisation.revision,
      ...(signature === undefined ? {} : { signature }),
    },
  });
  grant(draft, { overriddenBy });
  return draft.events;
}

/**
 * Says of an emergency override whether it was right. Not for whoever used it, asked, or made the subject.
 *
 * @throws AppError `approval.not-found`, `approval.no-open-review`, `approval.not-a-person`, `approval.self-approval`,
 *   `approval.excluded`, `approval.not-an-approver`
 */
export function closeReview(
  state: ApprovalState,
  { verdict, reason }: { readonly verdict: 'justified' | 'unjustified'; readonly reason: string },
  cause: Cause,
): Events {
  const current = existing(state);
  if (current.review !== 'open') {
    throw rule('approval.no-open-review', 'there is no review to close');
  }
  const { organisation, actor } = cause;
  if (isSystem(actor)) throw forbidden('approval.not-a-person', 'only people review');
  const closedBy = organisation.personOf(actor.id);
  const { overriddenBy } = current;
  if (overriddenBy !== undefined && organisation.personOf(overriddenBy) === closedBy) {
    throw rule('approval.self-approval', 'who used the override does not review it');
  }
  const exclusion = exclusionOf(current, closedBy, organisation, 'reviews');
  if (exclusion) throw rule(exclusion.code, exclusion.reason);
  if (!mayReview(current, closedBy, cause)) {
    throw forbidden('approval.not-an-approver', 'approvers and administrators review');
  }
  const data = { ...identityOf(current.request), closedBy, verdict, reason };
  return [{ type: 'approval.review-closed', data }];
}

function mayReview(state: ExistingApproval, person: string, cause: Cause): boolean {
  const { breakGlass = [] } = state.request.policy;
  const trusted = trustedIn(state, cause.organisation);
  const named = trusted.qualifies(person, breakGlass, cause.actor) !== undefined;
  return named || isTrustedAdministrator(state, cause) || isApprover(state, cause);
}
