import { describe, expect, it } from '@jest/globals';

import { closeReview, overrideApproval } from './break-glass.js';
import { revokeDecision } from './ending.js';
import { escalateApproval } from './escalate.js';
import { explainApproval } from './explain.js';
import { checkQuorum } from './reachability.js';
import { changeSubject } from './subject.js';
import { TestApproval } from './test-approval.js';

const DUAL = { level: 'DUAL', approvers: ['group:risk'] } as const;
const two = (level: object, approvers: string[]) => ({
  stages: [
    { name: 'first', level: 'SINGLE', approvers: ['bob', 'heidi'] },
    { name: 'second', ...level, approvers },
  ],
});

/** One of them is another login of the other's, it is learned. */
const isReally = (it: TestApproval, id: string, other: string) => {
  it.people = it.people.filter((each) => each.id !== id);
  it.change(other, { logins: [id] });
};
const look = (it: TestApproval) => it.do(checkQuorum);
const given = (it: TestApproval) =>
  explainApproval(it.any, it.cause('heidi')).stages.map((stage) => stage.given);

describe('a decision that the directory rules out', () => {
  it.each([
    ['who asked', 'alice', 'approval.self-approval'],
    ['who made the subject', 'ivan', 'approval.excluded'],
  ])('because it was that of %s, counts no more', (_, maker, code) => {
    const approval = TestApproval.ofWorkflow(DUAL);
    approval.approve('erin');
    isReally(approval, maker, 'erin');
    expect(given(approval)).toEqual([0]);
    look(approval);
    expect(approval.last('approval.decision-revoked')).toMatchObject({
      approver: 'erin',
      ruledOut: code,
      stage: 0,
      voided: [],
    });
    expect(approval.state.status).toBe('PENDING');
    approval.approve('frank');
    expect(approval.state.status).toBe('IN_PROGRESS');
    approval.approve('grace');
    expect(approval.last('approval.granted').approvers).toEqual(['frank', 'grace']);
  });

  it('is struck out before another one could complete the approval', () => {
    const approval = TestApproval.ofWorkflow(DUAL);
    approval.approve('erin');
    isReally(approval, 'alice', 'erin');
    approval.approve('frank');
    expect(approval.types.slice(-2)).toEqual([
      'approval.decision-revoked',
      'approval.decision-recorded',
    ]);
    expect(approval.state.status).toBe('IN_PROGRESS');
  });

  it('does not reject either', () => {
    const rejection = { count: 2 };
    const approval = TestApproval.ofWorkflow({ ...DUAL, quorum: 2, level: 'COMMITTEE', rejection });
    approval.reject('erin');
    isReally(approval, 'alice', 'erin');
    approval.reject('frank');
    expect(approval.state.status).toBe('IN_PROGRESS');
  });

  it('opens the stage again that it completed; what was decided later is void', () => {
    const approval = TestApproval.ofWorkflow(two({ level: 'DUAL' }, ['group:risk']));
    approval.approve('bob', 'erin');
    isReally(approval, 'ivan', 'bob');
    look(approval);
    expect(approval.last('approval.decision-revoked').voided).toHaveLength(1);
    expect(approval.state).toMatchObject({ stage: 0, votes: [], status: 'PENDING' });
    approval.approve('heidi', 'erin', 'frank');
    expect(approval.state.status).toBe('APPROVED');
  });

  it('leaves a stage complete that it did not help to complete', () => {
    const first = { name: 'first', ...DUAL, level: 'SINGLE', rejection: { count: 2 } };
    const second = { name: 'second', level: 'SINGLE', approvers: ['heidi'] };
    const approval = TestApproval.ofWorkflow({ stages: [first, second] });
    approval.reject('erin');
    approval.approve('frank');
    isReally(approval, 'alice', 'erin');
    look(approval);
    expect(approval.state).toMatchObject({ stage: 1, votes: [{ approver: 'frank' }] });
  });

  it('is the later one of two people who are one, also when the stage is complete', () => {
    const first = { name: 'first', ...DUAL };
    const second = { name: 'second', level: 'SINGLE', approvers: ['heidi'] };
    const approval = TestApproval.ofWorkflow({ stages: [first, second] });
    approval.approve('erin', 'frank');
    isReally(approval, 'frank', 'erin');
    look(approval);
    expect(approval.last('approval.decision-revoked')).toMatchObject({
      approver: 'frank',
      ruledOut: 'approval.already-decided',
    });
    expect(approval.state).toMatchObject({ stage: 0, votes: [{ approver: 'erin' }] });
  });

  it('stays on record once the approval has ended', () => {
    const approval = TestApproval.ofWorkflow(DUAL);
    approval.approve('erin', 'frank');
    isReally(approval, 'alice', 'erin');
    expect(look(approval)).toEqual([]);
  });
});

describe('a quorum in percent', () => {
  const half = { level: 'COMMITTEE', quorum: { percent: 50 } };
  const shrink = (it: TestApproval) => {
    for (const id of ['frank', 'grace', 'kim', 'lee']) it.change(id, { groups: [] });
  };
  const six = (it: TestApproval) => {
    const member = { name: 'N', roles: [], groups: ['risk'], active: true };
    it.people = [...it.people, ...['kim', 'lee', 'max'].map((id) => ({ ...member, id }))];
  };
  const opened = () => {
    const approval = TestApproval.ofWorkflow(two(half, ['group:risk']), six);
    approval.approve('bob');
    expect(approval.last('approval.stage-completed').next.required).toBe(3);
    shrink(approval);
    return approval;
  };
  const again = (approval: TestApproval) => {
    approval.approve('bob');
    return approval.last('approval.stage-completed').next.required;
  };

  it('takes no fewer when its stage opens again after a decision was taken back', () => {
    const approval = opened();
    approval.do((state, cause) => revokeDecision(state, { reason: 'r' }, cause), 'bob');
    expect(again(approval)).toBe(3);
  });

  it('takes no fewer when the subject has changed', () => {
    const approval = TestApproval.adHoc({ policy: two(half, ['group:risk']) }, six);
    approval.approve('bob');
    shrink(approval);
    const subject = { other: 1 };
    approval.do((state, cause) => changeSubject(state, { subject }, cause));
    expect(again(approval)).toBe(3);
  });

  it('takes no fewer than at the request when people leave before its stage opens', () => {
    const approval = TestApproval.ofWorkflow(two(half, ['group:risk']), six);
    shrink(approval);
    const { required } = explainApproval(approval.any, approval.cause('heidi')).stages[1] ?? {};
    expect([required, again(approval)]).toEqual([3, 3]);
  });

  it('takes more when more people are there then', () => {
    const approval = TestApproval.ofWorkflow(two(half, ['group:risk']));
    six(approval);
    expect(again(approval)).toBe(3);
  });
});

describe('somebody who asks more people', () => {
  const escalate = (it: TestApproval, who: string, approvers: string[]) =>
    it.do((state, cause) => escalateApproval(state, { approvers, reason: 'r' }, cause), who);

  it('does not decide for those whom they asked', () => {
    const approval = TestApproval.adHoc({ level: 'SINGLE', approvers: ['erin'] }, (it) => {
      it.delegate('grace', 'heidi');
    });
    const forGrace = () => approval.decide('heidi', { onBehalfOf: 'grace' });
    escalate(approval, 'heidi', ['grace']);
    expect(approval.refusal(forGrace)).toBe('approval.excluded');
    expect(explainApproval(approval.any, approval.cause('bob')).waitingOn).toContainEqual(
      expect.objectContaining({ person: 'grace', delegates: [] }),
    );
    approval.approve('grace');
    expect(approval.state.status).toBe('APPROVED');
  });

  it('does not decide through a group that they asked and belong to by now', () => {
    const approval = TestApproval.adHoc({ level: 'SINGLE', approvers: ['erin'] });
    escalate(approval, 'heidi', ['group:desk']);
    approval.change('heidi', { groups: ['desk'] });
    expect(approval.refusal(() => approval.decide('heidi'))).toBe('approval.excluded');
    approval.approve('bob');
    expect(approval.state.status).toBe('APPROVED');
  });

  it('decides what they could decide anyway', () => {
    const approval = TestApproval.adHoc({ level: 'SINGLE', approvers: ['group:risk'] }, (it) => {
      it.delegate('grace', 'erin');
    });
    escalate(approval, 'erin', ['group:risk', 'bob']);
    approval.decide('erin', { onBehalfOf: 'grace' });
    expect(approval.state.status).toBe('APPROVED');
  });
});

it('a review is not closed by a login that who overrode has given to somebody', () => {
  const approval = TestApproval.ofWorkflow({ ...DUAL, breakGlass: ['heidi'] });
  const { subjectHash } = approval.state;
  approval.do(
    (state, cause) => overrideApproval(state, { reason: 'r', subjectHash }, cause),
    'heidi',
  );
  const erin = approval.people.find(({ id }) => id === 'erin');
  if (!erin) throw new Error('erin is not there');
  approval.changeBy('heidi', [{ ...erin, logins: ['h2'] }]);
  const close = (who: string) =>
    approval.refusal(() =>
      approval.do(
        (state, cause) => closeReview(state, { verdict: 'justified', reason: 'r' }, cause),
        who,
      ),
    );
  expect(close('erin')).toBe('approval.not-an-approver');
  expect(close('frank')).toBeUndefined();
});
