import { systemActor } from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';

import { closeReview, overrideApproval } from './break-glass.js';
import { claimApproval, commentOn, releaseApproval } from './conversation.js';
import type { Cause, Events } from './draft.js';
import { revokeDecision, withdrawApproval } from './ending.js';
import { escalateApproval } from './escalate.js';
import { explainApproval } from './explain.js';
import type { ApprovalState } from './state.js';
import { changeSubject } from './subject.js';
import { SUBJECT, TestApproval } from './test-approval.js';

const ID = '5c9a4f2e-77aa-5b11-9c0d-abcdefabcdef';
const STALE = 'f'.repeat(64);
const DUAL = { level: 'DUAL', approvers: ['group:risk'] };
const SIGNED = { ...DUAL, signature: { meaning: 'reviewed' }, breakGlass: ['bob'] };
const reason = 'because';

type Act = (state: ApprovalState, cause: Cause) => Events;
interface Case {
  /** What is asked for; by alice, in a small organisation, with ivan as editor where a workflow asks. */
  readonly of?: TestApproval;
  /** What happens before. */
  readonly after?: (approval: TestApproval) => unknown;
  readonly as: string;
  readonly act: Act;
}

const workflow = (policy: object = DUAL) => TestApproval.ofWorkflow(policy);
const adHoc = (body: object = DUAL) => TestApproval.adHoc(body);
const ended = (it: TestApproval) => it.do((state, cause) => withdrawApproval(state, reason, cause));
const overridden = (it: TestApproval) => it.do(override(), 'bob');
const emergency = () => adHoc({ policy: { ...DUAL, breakGlass: ['bob', 'alice'] } });
const emergencyOfWorkflow = () => workflow({ ...DUAL, breakGlass: ['bob', 'ivan'] });

const escalate =
  (approvers?: string[]): Act =>
  (state, cause) =>
    escalateApproval(state, { approvers, reason }, cause);
const comment =
  (more: object = {}): Act =>
  (state, cause) =>
    commentOn(state, { commentId: ID, kind: 'comment', text: 'hm', ...more }, cause);
const override =
  (hash?: string): Act =>
  (state, cause) => {
    const subjectHash = hash ?? (state.exists ? state.subjectHash : STALE);
    return overrideApproval(state, { reason, subjectHash }, cause);
  };
const review: Act = (state, cause) => closeReview(state, { verdict: 'justified', reason }, cause);
const revoke: Act = (state, cause) => revokeDecision(state, { reason }, cause);
const withdraw: Act = (state, cause) => withdrawApproval(state, reason, cause);
const change: Act = (state, cause) =>
  changeSubject(state, { subject: { ...SUBJECT, a: 1 } }, cause);

const cases: Record<string, Record<string, Case>> = {
  escalations: {
    'not-open': { of: adHoc(), after: ended, as: 'erin', act: escalate(['bob']) },
    'not-a-person': { as: 'system:x', act: escalate(['bob']) },
    'not-an-approver': { as: 'bob', act: escalate(['bob']) },
    'self-approval': { as: 'alice', act: escalate(['bob']) },
    excluded: { of: workflow(), as: 'ivan', act: escalate() },
    'approvers-missing': { as: 'erin', act: escalate() },
    'unknown-approver': { as: 'erin', act: escalate(['mallory']) },
    'nobody-new': { as: 'erin', act: escalate(['group:risk', 'alice']) },
    'no-tier': { of: workflow(), as: 'erin', act: escalate(['bob']) },
    'not-of-the-tiers': {
      of: workflow({ ...DUAL, escalation: [{ after: 'PT1H', approvers: ['grace'] }] }),
      as: 'erin',
      act: escalate(['bob']),
    },
  },
  withdrawals: {
    'not-open': { after: ended, as: 'alice', act: withdraw },
    'not-the-requester': { as: 'erin', act: withdraw },
  },
  revocations: {
    'not-open': { after: ended, as: 'erin', act: revoke },
    'no-such-decision': { after: (it) => it.decide('frank'), as: 'erin', act: revoke },
  },
  comments: {
    'not-a-person': { as: 'system:x', act: comment() },
    'no-such-question': { as: 'erin', act: comment({ kind: 'answer', answers: ID }) },
    'too-many-comments': {
      after: (it) => {
        for (let number = 0; number < 50; number++) it.do(comment(), 'erin');
      },
      as: 'erin',
      act: comment(),
    },
  },
  subject: {
    'not-open': { after: ended, as: 'alice', act: change },
    'not-the-requester': { as: 'erin', act: change },
    'subject-is-the-workflows': { of: workflow(), as: 'alice', act: change },
  },
  claims: {
    'not-open': { after: ended, as: 'erin', act: claimApproval },
    'not-a-person': { as: 'system:x', act: claimApproval },
    'not-an-approver': { as: 'bob', act: claimApproval },
    'self-approval': { as: 'alice', act: claimApproval },
    excluded: { of: workflow(), as: 'ivan', act: claimApproval },
    'already-claimed': {
      after: (it) => it.do(claimApproval, 'frank'),
      as: 'erin',
      act: claimApproval,
    },
    'already-decided': { after: (it) => it.decide('erin'), as: 'erin', act: claimApproval },
  },
  releases: {
    'not-open': { after: ended, as: 'erin', act: releaseApproval },
    'not-claimed': { as: 'erin', act: releaseApproval },
    'claimed-by-another': {
      after: (it) => it.do(claimApproval, 'frank'),
      as: 'erin',
      act: releaseApproval,
    },
  },
  overrides: {
    'not-open': { of: emergency(), after: ended, as: 'bob', act: override() },
    'not-a-person': { of: emergency(), as: 'system:x', act: override() },
    'not-an-approver': { of: emergency(), as: 'erin', act: override() },
    'self-approval': { of: emergency(), as: 'alice', act: override() },
    excluded: { of: emergencyOfWorkflow(), as: 'ivan', act: override() },
    'stale-subject': { of: emergency(), as: 'bob', act: override(STALE) },
    'reauthentication-needed': { of: workflow(SIGNED), as: 'bob', act: override() },
  },
  reviews: {
    'no-open-review': { of: emergency(), as: 'erin', act: review },
    'not-a-person': { of: emergency(), after: overridden, as: 'system:x', act: review },
    'not-an-approver': { of: emergency(), after: overridden, as: 'ivan', act: review },
    'self-approval': { of: emergency(), after: overridden, as: 'bob', act: review },
    excluded: { of: emergencyOfWorkflow(), after: overridden, as: 'ivan', act: review },
  },
};

describe.each(Object.keys(cases))('of what is documented, %s refuse with', (route) => {
  it.each(Object.entries(cases[route] ?? {}))('approval.%s', (code, { of, after, as, act }) => {
    const approval = of ?? adHoc();
    after?.(approval);
    const before = approval.events.length;
    const actor = as.startsWith('system:') ? systemActor('x') : {};
    const refused = approval.refusal(() => approval.do(act, as, actor));
    expect(refused).toBe(`approval.${code}`);
    expect(approval.events).toHaveLength(before);
  });
});

it.each<[string, string, Case]>([
  ['decides', 'who asks for an approval never decides it', { as: 'alice', act: claimApproval }],
  ['escalates', 'who asks for an approval never escalates it', { as: 'alice', act: escalate() }],
  ['overrides', 'who asks for an approval never overrides it', { as: 'alice', act: override() }],
  [
    'reviews',
    'who asks for an approval never reviews it',
    { of: emergency(), after: overridden, as: 'alice', act: review },
  ],
])('say of who asked and %s what was tried', (_, message, { of, after, as, act }) => {
  const approval = of ?? adHoc();
  after?.(approval);
  expect(() => approval.do(act, as)).toThrow(message);
});

it.each<[string, Act]>([
  ['escalations', escalate(['bob'])],
  ['withdrawals', withdraw],
  ['revocations', revoke],
  ['comments', comment()],
  ['subject', change],
  ['claims', claimApproval],
  ['releases', releaseApproval],
  ['overrides', override()],
  ['reviews', review],
  ['why', (state, cause) => explainApproval(state, cause) as never],
])('of an approval that is not there, %s know nothing', (_, act) => {
  const none = new TestApproval();
  expect(none.refusal(() => none.do(act, 'erin'))).toBe('approval.not-found');
});
