import { forbidden, isSystem, rule } from '@countersign/kernel';
import { roundsOf } from '@countersign/state-machine';

import { admit, assertOpen } from './admission.js';
import { existing } from './decide.js';
import type { Cause, Events } from './draft.js';
import { actsAsAdministrator } from './escalate.js';
import { identityOf } from './identity.js';
import { decidedSoFar } from './stages.js';
import type { ApprovalState, ExistingApproval } from './state.js';

const MAX_COMMENTS = 500;
/** Of one person. */
const MAX_COMMENTS_EACH = 50;

interface Comment {
  readonly commentId: string;
  readonly kind: 'comment' | 'question' | 'answer';
  readonly text: string;
  readonly answers?: string | undefined;
}

/**
 * Says something beside an approval, also after its outcome: a remark, a question, or an answer to one.
 *
 * @throws AppError `approval.not-found`, `approval.not-a-person`, `approval.too-many-comments`,
 *   `approval.no-such-question`, `approval.not-involved`
 */
export function commentOn(state: ApprovalState, comment: Comment, cause: Cause): Events {
  const current = existing(state);
  if (isSystem(cause.actor)) throw forbidden('approval.not-a-person', 'only people comment');
  if (current.comments >= MAX_COMMENTS) {
    throw rule('approval.too-many-comments', `it has ${MAX_COMMENTS} comments already`);
  }
  const author = cause.organisation.personOf(cause.actor.id);
  if ((current.commentsBy.get(author) ?? 0) >= MAX_COMMENTS_EACH) {
    throw rule('approval.too-many-comments', `you have made ${MAX_COMMENTS_EACH} already`);
  }
  assertInvolved(current, author, cause);
  const { commentId, kind, text, answers } = comment;
  const isAnswer = kind === 'answer';
  const known = current.questions.some((question) => question.commentId === answers);
  if (isAnswer ? !known : answers !== undefined) {
    throw rule('approval.no-such-question', 'an answer names a question that is open');
  }
  const data = {
    ...identityOf(current.request),
    commentId,
    author,
    kind,
    text,
    ...(answers === undefined ? {} : { answers }),
  };
  return [{ type: 'approval.commented', data }];
}

/** Those who ask, who made the subject, who are or may be asked, and administrators. */
function assertInvolved(
  state: ExistingApproval,
  person: string,
  { actor, organisation }: Cause,
): void {
  if (actsAsAdministrator(actor)) return;
  const { requester, editors, policy } = state.request;
  const { escalation = [], breakGlass = [] } = policy;
  const made = [requester, ...editors].map((id) => organisation.personOf(id));
  const asked = [
    ...roundsOf(policy).flatMap(({ approvers }) => approvers),
    ...[...escalation, ...state.escalations].flatMap(({ approvers }) => approvers),
    ...breakGlass,
  ];
  if (made.includes(person)) return;
  if (organisation.qualifies(person, asked, actor) !== undefined) return;
  if (decidedSoFar(state, organisation).has(person)) return;
  throw forbidden('approval.not-involved', 'it is for those who ask and who are asked');
}

/**
 * Says that somebody who may decide is looking at it. Others may decide all the same.
 *
 * @throws AppError `approval.not-found`, `approval.not-open`, `approval.already-claimed`, what `admit` throws
 */
export function claimApproval(state: ApprovalState, cause: Cause): Events {
  const current = existing(state);
  assertOpen(current, cause.now);
  const { approver } = admit(current, cause, cause);
  const { claimedBy } = current;
  if (claimedBy === approver) return [];
  if (claimedBy !== undefined && cause.organisation.personOf(claimedBy) !== approver) {
    throw rule('approval.already-claimed', `${claimedBy} is looking at it`, {
      details: { claimedBy },
    });
  }
  const data = { ...identityOf(current.request), claimedBy: approver };
  return [{ type: 'approval.claimed', data }];
}

/**
 * Gives it back to all: whoever claimed it, or an administrator.
 *
 * @throws AppError `approval.not-found`, `approval.not-open`, `approval.not-claimed`, `approval.claimed-by-another`
 */
export function releaseApproval(state: ApprovalState, cause: Cause): Events {
  const current = existing(state);
  assertOpen(current, cause.now);
  const { claimedBy } = current;
  if (claimedBy === undefined) throw rule('approval.not-claimed', 'nobody has claimed it');
  const releasedBy = cause.organisation.personOf(cause.actor.id);
  const isOwn = cause.organisation.personOf(claimedBy) === releasedBy;
  if (!isOwn && !actsAsAdministrator(cause.actor)) {
    throw rule('approval.claimed-by-another', `${claimedBy} has claimed it`);
  }
  return [
    { type: 'approval.released', data: { ...identityOf(current.request), claimedBy, releasedBy } },
  ];
}
