import type { Person } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';

import { revokeDecision } from './ending.js';
import { escalateApproval } from './escalate.js';
import { explainApproval } from './explain.js';
import { checkQuorum } from './reachability.js';
import { requestAdHoc } from './request.js';
import { SUBJECT, TestApproval } from './test-approval.js';

const ADMINS = 'workflow-admins';
const DUAL = { level: 'DUAL', approvers: ['group:risk'] } as const;
const COUNT = { ...DUAL, level: 'COMMITTEE', quorum: 2, rejection: { count: 2 } } as const;

/** alice asks, ivan has edited; bob and heidi are administrators. */
const open = (policy: object, setUp?: (it: TestApproval) => void) =>
  TestApproval.ofWorkflow(policy, (it) => {
    for (const id of ['bob', 'heidi', 'alice']) it.change(id, { groups: ['desk', ADMINS] });
    setUp?.(it);
  });
const known = (it: TestApproval, id: string): Person => {
  const person = it.people.find((each) => each.id === id);
  return { roles: [], groups: [], active: true, ...person, id, name: id };
};
const give = (it: TestApproval, by: string, id: string, more: Partial<Person>) => {
  it.changeBy(by, [{ ...known(it, id), ...more }]);
};
/** A login that was somebody's for a while. */
const lend = (
  it: TestApproval,
  by: string,
  id: string,
  meanwhile: () => void = () => undefined,
) => {
  give(it, by, id, { logins: ['lent'] });
  meanwhile();
  give(it, by, id, { logins: [] });
};
/** One of two who are one, it is said. */
const merge = (it: TestApproval, by: string, id: string, into: string) => {
  it.changeBy(by, [{ ...known(it, into), logins: [id] }], [id]);
};
const decision = (it: TestApproval, as: string, onBehalfOf?: string) =>
  it.refusal(() => it.decide(as, { onBehalfOf }));
const revoke = (it: TestApproval, who: string) =>
  it.do((state, cause) => revokeDecision(state, { reason: 'r' }, cause), who);
const escalate = (it: TestApproval, who: string, approvers: string[]) =>
  it.do((state, cause) => escalateApproval(state, { approvers, reason: 'r' }, cause), who);

describe('what is done under a login that was lent', () => {
  it('by who asked: a delegation does not count, nor does the person decide', () => {
    const approval = open({ ...DUAL, level: 'SINGLE' });
    lend(approval, 'alice', 'frank');
    approval.delegate('frank', 'bob');
    expect(decision(approval, 'bob', 'frank')).toBe('approval.excluded');
    expect(decision(approval, 'frank')).toBe('approval.excluded');
    expect(decision(approval, 'erin')).toBeUndefined();
  });

  it('by who asked: no rejection is taken back', () => {
    const approval = open(COUNT);
    approval.reject('frank');
    lend(approval, 'alice', 'frank', () => {
      expect(approval.refusal(() => revoke(approval, 'frank'))).toBe('approval.excluded');
    });
    expect(approval.refusal(() => revoke(approval, 'frank'))).toBe('approval.excluded');
  });

  it('by somebody who then decides: an escalation does not make them an approver', () => {
    const approval = TestApproval.adHoc({ level: 'SINGLE', approvers: ['erin'] }, (it) => {
      for (const id of ['bob', 'heidi']) it.change(id, { groups: [ADMINS] });
    });
    lend(approval, 'heidi', 'bob', () => escalate(approval, 'bob', ['heidi']));
    expect(decision(approval, 'heidi')).toBe('approval.excluded');
  });

  it('is asked for by the lender as well', () => {
    const approval = new TestApproval();
    give(approval, 'heidi', 'bob', { logins: ['lent'] });
    const asked = { subject: SUBJECT, reason: 'r', level: 'SINGLE', approvers: ['heidi', 'erin'] };
    approval.do(
      (state, cause) =>
        requestAdHoc(state, '1c9a4f2e-77aa-5b11-9c0d-abcdefabcdef', asked as never, cause),
      'bob',
      { login: 'lent' },
    );
    give(approval, 'heidi', 'bob', { logins: [] });
    expect(decision(approval, 'heidi')).toBe('approval.excluded');
    expect(decision(approval, 'erin')).toBeUndefined();
  });
});

describe('who made somebody an approver that has decided', () => {
  const within = (it: TestApproval) => {
    it.change('bob', { groups: ['risk', ADMINS] });
  };

  it('does not decide as well, in whatever order', () => {
    const approval = open(DUAL, within);
    give(approval, 'bob', 'heidi', { groups: ['risk'] });
    approval.approve('heidi');
    expect(approval.last('approval.decision-recorded').restsOn).toEqual({ changes: ['bob'] });
    expect(decision(approval, 'bob')).toBe('approval.excluded');
    expect(explainApproval(approval.any, approval.cause('bob')).barred).toContainEqual(
      expect.objectContaining({ person: 'bob', code: 'approval.excluded' }),
    );
    approval.approve('erin');
    expect(approval.state.status).toBe('APPROVED');
  });

  it('does not by taking their own decision back meanwhile', () => {
    const approval = open(DUAL, within);
    approval.approve('bob');
    give(approval, 'bob', 'heidi', { groups: ['risk'] });
    expect(decision(approval, 'heidi')).toBe('approval.excluded');
    revoke(approval, 'bob');
    approval.approve('heidi');
    expect(decision(approval, 'bob')).toBe('approval.excluded');
  });

  it('does not in a later stage', () => {
    const stages = [
      { name: 'first', level: 'SINGLE', approvers: ['role:new'] },
      { name: 'second', level: 'SINGLE', approvers: ['bob', 'erin'] },
    ];
    const approval = open({ stages }, (it) => {
      it.change('grace', { roles: ['new'] });
    });
    give(approval, 'bob', 'heidi', { roles: ['new'] });
    approval.approve('heidi');
    expect(decision(approval, 'bob')).toBe('approval.excluded');
    expect(decision(approval, 'erin')).toBeUndefined();
  });

  it('does not when they entered a delegation for somebody', () => {
    const approval = open(DUAL, within);
    approval.delegate('erin', 'heidi', { createdBy: 'bob' });
    approval.decide('heidi', { onBehalfOf: 'erin' });
    expect(decision(approval, 'bob')).toBe('approval.excluded');
  });

  it('does when it was before the request, or somebody else did it', () => {
    const before = open(DUAL, (it) => {
      within(it);
      give(it, 'bob', 'heidi', { groups: ['risk'] });
    });
    before.approve('heidi', 'bob');
    expect(before.state.status).toBe('APPROVED');
    const other = open(DUAL, within);
    give(other, 'heidi', 'kim', { groups: ['risk'] });
    other.approve('kim', 'bob');
    expect(other.state.status).toBe('APPROVED');
  });
});

describe('a decision is struck out when the directory learns later', () => {
  it('that who asked stood between in its chain of delegations', () => {
    const approval = open(DUAL, (it) => {
      it.delegate('erin', 'bob');
      it.delegate('bob', 'heidi');
    });
    approval.decide('heidi', { onBehalfOf: 'erin' });
    expect(approval.last('approval.decision-recorded').restsOn).toEqual({ deputies: ['bob'] });
    merge(approval, 'grace', 'bob', 'ivan');
    approval.do(checkQuorum);
    expect(approval.last('approval.decision-revoked').ruledOut).toBe('approval.excluded');
    expect(approval.state.votes).toEqual([]);
  });

  it('that whoever asked more people is who decided', () => {
    const approval = TestApproval.adHoc({ ...DUAL });
    escalate(approval, 'heidi', ['bob']);
    approval.approve('bob');
    expect(approval.last('approval.decision-recorded').restsOn).toEqual({ escalations: ['heidi'] });
    merge(approval, 'grace', 'heidi', 'bob');
    approval.do(checkQuorum);
    expect(approval.state.votes).toEqual([]);
  });
});

describe('who asked makes nothing easier by taking away', () => {
  it('a veto', () => {
    const approval = open({ ...COUNT, rejection: { veto: ['role:head'] } });
    give(approval, 'alice', 'grace', { roles: [] });
    approval.reject('grace');
    expect(approval.state.status).toBe('REJECTED');
  });

  it('a rejection, by saying that two are one', () => {
    const approval = open({ ...COUNT, rejection: { count: 3 } });
    approval.reject('erin');
    approval.reject('frank');
    merge(approval, 'alice', 'frank', 'erin');
    approval.do(checkQuorum);
    approval.reject('grace');
    expect(approval.state.status).toBe('REJECTED');
  });

  it('an approval: two of one person are still one', () => {
    const approval = open({ ...COUNT, quorum: 3 });
    approval.approve('erin', 'frank');
    merge(approval, 'alice', 'frank', 'erin');
    approval.approve('grace');
    expect(approval.state.status).toBe('IN_PROGRESS');
  });

  it('or harder for ever by adding: a percentage is of those who count', () => {
    const stages = [
      { name: 'first', level: 'SINGLE', approvers: ['bob'] },
      { name: 'second', ...COUNT, quorum: { percent: 50 } },
    ];
    const approval = open({ stages });
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f'])
      give(approval, 'alice', id, { groups: ['risk'] });
    approval.approve('bob');
    expect(approval.last('approval.stage-completed').next.required).toBe(2);
  });
});

describe('who was one person once stays that in the records', () => {
  const linkedOnce = (it: TestApproval, login: string, id: string) => {
    give(it, 'heidi', id, { logins: [login] });
    give(it, 'heidi', id, { logins: [] });
  };

  it('as who asked', () => {
    const approval = new TestApproval();
    const asked = { subject: SUBJECT, reason: 'r', level: 'SINGLE', approvers: ['erin', 'frank'] };
    approval.do(
      (state, cause) =>
        requestAdHoc(state, '1c9a4f2e-77aa-5b11-9c0d-abcdefabcdef', asked as never, cause),
      'stranger',
    );
    linkedOnce(approval, 'stranger', 'erin');
    expect(decision(approval, 'erin')).toBe('approval.self-approval');
    expect(decision(approval, 'frank')).toBeUndefined();
  });

  it('as who decided', () => {
    const approval = open({ ...DUAL, approvers: ['role:guest', 'group:risk'] }, (it) => {
      it.change('heidi', { roles: ['guest'] });
    });
    approval.decide('stranger', {}, { roles: ['guest'] });
    linkedOnce(approval, 'stranger', 'erin');
    expect(decision(approval, 'erin')).toBe('approval.already-decided');
    approval.approve('frank');
    expect(approval.state.status).toBe('APPROVED');
  });
});
