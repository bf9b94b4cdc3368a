import { canonicalJson, hashOf, type Json, rule, segment, valueAt } from '@countersign/kernel';

import { assertOpen } from './admission.js';
import { existing } from './decide.js';
import { type Cause, Draft, type Events } from './draft.js';
import { trustedIn } from './eligibility.js';
import { identityOf } from './identity.js';
import { watchQuorum } from './reachability.js';
import { applyRule } from './request.js';
import { requiredAgain } from './stages.js';
import type { ApprovalState, ExistingApproval } from './state.js';

type Subject = ExistingApproval['subject'];

/** Members that are named as changed, at most. */
const MAX_CHANGED = 100;

/**
 * Changes what is asked. A change of something material voids every decision.
 *
 * @throws AppError `approval.not-found`, `approval.not-open`, `approval.not-the-requester`,
 *   `approval.subject-is-the-workflows`
 */
export function changeSubject(
  state: ApprovalState,
  { subject, reason }: { readonly subject: Subject; readonly reason?: string | undefined },
  cause: Cause,
): Events {
  const current = existing(state);
  assertOpen(current, cause.now);
  const { organisation, actor } = cause;
  const changedBy = organisation.personOf(actor.id);
  const { request } = current;
  if (organisation.personOf(request.requester) !== changedBy) {
    throw rule('approval.not-the-requester', 'only who asked changes what is asked');
  }
  if (request.adHoc !== true) {
    throw rule('approval.subject-is-the-workflows', 'the workflow says what is asked');
  }
  const subjectHash = hashOf(subject);
  if (subjectHash === current.subjectHash) return [];
  const { policy } = request;
  const material = isMaterial(current.subject, subject, policy.material);
  const draft = new Draft(current, cause);
  draft.add({
    type: 'approval.subject-changed',
    data: {
      ...identityOf(request),
      changedBy,
      ...(reason === undefined ? {} : { reason }),
      subject,
      subjectHash,
      previousHash: current.subjectHash,
      changed: changedMembers(current.subject, subject),
      material,
      voided: material ? current.votes.map(({ decisionId }) => decisionId) : [],
      ...(material
        ? { required: requiredAgain(current, 0, trustedIn(current, organisation)) }
        : {}),
    },
  });
  if (draft.state.required[0] === 0) applyRule(draft);
  else watchQuorum(draft);
  return draft.events;
}

/** The members of the subject that differ, as JSON pointers. */
function changedMembers(before: Subject, after: Subject): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .filter((name) => !same(valueAt(before, [name]), valueAt(after, [name])))
    .map((name) => `/${segment(name)}`)
    .sort()
    .slice(0, MAX_CHANGED);
}

/** Whether one of the fields that matter differs; without such a list all of them matter. */
function isMaterial(before: Subject, after: Subject, material?: readonly string[]): boolean {
  if (material === undefined) return true;
  return material.some((pointer) => !same(valueAt(before, pointer), valueAt(after, pointer)));
}

function same(one: Json | undefined, other: Json | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return canonicalJson(one) === canonicalJson(other);
}
