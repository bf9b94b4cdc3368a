import type { AppError } from '@countersign/kernel';
import { notFound, rule } from '@countersign/kernel';

import { admit, assertOpen, signatureOf } from './admission.js';
import { type Cause, Draft, type Events } from './draft.js';
import { identityOf } from './identity.js';
import { settle } from './settle.js';
import { type ApprovalState, type ExistingApproval, type Vote } from './state.js';
import { strikeOut } from './strike-out.js';

/** People whose refused decisions one approval records, and how many of each, at most. */
const MAX_REFUSED_PEOPLE = 100;
const MAX_REFUSALS_EACH = 10;

export interface Decision {
  readonly decisionId: string;
  readonly action: Vote['action'];
  readonly reason: string;
  readonly subjectHash: string;
  readonly onBehalfOf?: string | undefined;
}

/** @throws AppError `approval.not-found` */
export function existing(state: ApprovalState): ExistingApproval {
  if (!state.exists) throw notFound('approval.not-found', 'there is no such approval');
  return state;
}

/**
 * Records a person's decision, and what follows from it. Those that the directory has ruled out meanwhile do not count.
 *
 * @throws AppError `approval.not-found`, `approval.not-open`, `approval.stale-subject`, what `admit` and `signatureOf` throw,
 *   `approval.abstain-not-allowed`.
 */
export function decideApproval(state: ApprovalState, decision: Decision, cause: Cause): Events {
  const asked = existing(state);
  const { decisionId, action, reason } = decision;
  assertOpen(asked, cause.now);
  const draft = new Draft(asked, cause);
  strikeOut(draft);
  const current = draft.state;
  assertSubject(current, decision.subjectHash);
  const admission = admit(current, { actor: cause.actor, onBehalfOf: decision.onBehalfOf }, cause);
  if (action === 'abstain' && current.request.policy.abstain !== true) {
    throw rule('approval.abstain-not-allowed', 'the policy takes approve or reject');
  }
  const signature = signatureOf(current, admission.approver, cause);
  draft.add(...claimUnderFormerId(current, admission.approver, cause));
  draft.add({
    type: 'approval.decision-recorded',
    data: {
      ...identityOf(current.request),
      decisionId,
      ...admission,
      action,
      reason,
      stage: current.stage,
      ...(signature === undefined ? {} : { signature }),
      decidedAt: cause.now.toISOString(),
      subject: current.subject,
      subjectHash: current.subjectHash,
      directoryRevision: cause.organisation.revision,
    },
  });
  settle(draft);
  return draft.events;
}

/** A decision ends the claim of whoever made it. One from before a rename nobody but the directory knows to be theirs. */
function claimUnderFormerId(
  { claimedBy, request }: ExistingApproval,
  approver: string,
  { organisation }: Cause,
): Events {
  if (claimedBy === undefined || claimedBy === approver) return [];
  if (organisation.personOf(claimedBy) !== approver) return [];
  const data = { ...identityOf(request), claimedBy, releasedBy: approver };
  return [{ type: 'approval.released', data }];
}

/** @throws AppError `approval.stale-subject` */
export function assertSubject({ subjectHash }: ExistingApproval, shown: string): void {
  if (shown === subjectHash) return;
  throw rule('approval.stale-subject', 'this is about something else than was shown: look again', {
    details: { subjectHash },
  });
}

/** Keeps a refusal on record where the policy asks for it. */
export function recordRefusal(
  state: ApprovalState,
  { action, onBehalfOf }: Pick<Decision, 'action' | 'onBehalfOf'>,
  refusal: Pick<AppError, 'code' | 'message'>,
  { actor }: Pick<Cause, 'actor'>,
): Events {
  if (!state.exists || state.request.policy.auditRefusals !== true) return [];
  const known = state.refusals.get(actor.id);
  if ((known ?? 0) >= MAX_REFUSALS_EACH) return [];
  if (known === undefined && state.refusals.size >= MAX_REFUSED_PEOPLE) return [];
  const { code, message } = refusal;
  const data = {
    ...identityOf(state.request),
    actor: actor.id,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    action,
    code,
    message,
  };
  return [{ type: 'approval.decision-refused', data }];
}
