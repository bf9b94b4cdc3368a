import { isSystem, forbidden, rule } from '@countersign/kernel';

import { admit, assertOpen } from './admission.js';
import { existing } from './decide.js';
import type { Cause, Events } from './draft.js';
import { actsAsAdministrator } from './escalate.js';
import { identityOf } from './identity.js';
import type { ApprovalState } from './state.js';

const MAX_COMMENTS = 500;

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
 *   `approval.no-such-question`
 */
export function commentOn(state: ApprovalState, comment: Comment, cause: Cause): Events {
  const current = existing(state);
  if (isSystem(cause.actor)) throw forbidden('approval.not-a-person', 'only people comment');
  if (current.comments >= MAX_COMMENTS) {
    throw rule('approval.too-many-comments', `it has ${MAX_COMMENTS} comments already`);
  }
  const { commentId, kind, text, answers } = comment;
  const isAnswer = kind === 'answer';
  const known = current.questions.some((question) => question.commentId === answers);
  if (isAnswer ? !known : answers !== undefined) {
    throw rule('approval.no-such-question', 'an answer names a question that is open');
  }
  const author = cause.organisation.personOf(cause.actor.id);
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

/**
 * Says that somebody who may decide is looking at it. Others may decide all the same.
 *
 * @throws AppError `approval.not-found`, `approval.not-open`, `approval.already-claimed`, what `admit` throws
 */
export function claimApproval(state: ApprovalState, cause: Cause): Events {
  const current = existing(state);
  assertOpen(current, cause.now);
  const { approver } = admit(current, cause, cause);
  if (current.claimedBy === approver) return [];
  if (current.claimedBy !== undefined) {
    throw rule('approval.already-claimed', `${current.claimedBy} is looking at it`, {
      details: { claimedBy: current.claimedBy },
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
  if (releasedBy !== claimedBy && !actsAsAdministrator(cause.actor)) {
    throw rule('approval.claimed-by-another', `${claimedBy} has claimed it`);
  }
  return [
    { type: 'approval.released', data: { ...identityOf(current.request), claimedBy, releasedBy } },
  ];
}
