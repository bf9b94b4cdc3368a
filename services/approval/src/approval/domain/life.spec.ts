import { describe, expect, it } from '@jest/globals';

import { closeReview, overrideApproval } from './break-glass.js';
import { claimApproval, commentOn, releaseApproval } from './conversation.js';
import { fireDeadlines } from './deadlines.js';
import { cancelApproval, revokeDecision, withdrawApproval } from './ending.js';
import { changeSubject } from './subject.js';
import { SUBJECT, TestApproval } from './test-approval.js';

const HOUR = 3_600_000;
const DUAL = { level: 'DUAL', approvers: ['group:risk'] } as const;
const dual = () => TestApproval.ofWorkflow(DUAL);
const asked = (more = {}) => TestApproval.adHoc({ ...DUAL, ...more });
const withSundays = (it: TestApproval) => {
  const hours = [{ days: ['sun' as const], from: '10:00', to: '11:00' }];
  it.calendars = [{ name: 'sundays', timeZone: 'Europe/London', hours, holidays: [] }];
};
const fire = (approval: TestApproval) => approval.do(fireDeadlines);

describe('an ad-hoc request', () => {
  it('is refused when it can never be approved, or names somebody unknown', () => {
    const refused = (body: object) => {
      const none = new TestApproval();
      return none.refusal(() => TestApproval.adHoc(body));
    };
    expect(refused({ level: 'DUAL', approvers: ['erin'] })).toBe('approval.quorum-unreachable');
    expect(refused({ level: 'SINGLE', approvers: ['alice'] })).toBe('approval.quorum-unreachable');
    expect(refused({ level: 'SINGLE', approvers: ['erin', 'nobody'] })).toBe(
      'approval.unknown-approver',
    );
    expect(refused({ level: 'COMMITTEE', approvers: ['group:risk'] })).toBe('request.invalid');
    const policy = { level: 'SINGLE', approvers: ['erin'], calendar: 'mars' } as const;
    expect(refused({ policy })).toBe('approval.unknown-calendar');
  });

  it('says within whom the approvers have to be, and who of these is unknown', () => {
    const policy = { level: 'SINGLE', approvers: ['group:risk'], within: ['group:london', 'bob'] };
    const refused = (more: object) => () => TestApproval.adHoc({ policy: { ...policy, ...more } });
    expect(refused({})).toThrow(
      expect.objectContaining({
        code: 'approval.quorum-unreachable',
        message:
          'one person of group:risk within group:london or bob has to approve; nobody may; the directory has nobody for group:london',
        details: { unknown: ['group:london'] },
      }),
    );
    const stages = [{ name: 'one', ...policy, within: ['group:paris'] }];
    const inStages = { level: undefined, approvers: [], stages, within: ['erin'] };
    expect(refused(inStages)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('of group:risk within erin and within group:paris has'),
        details: { unknown: ['group:paris'] },
      }),
    );
  });

  it('names the places of a malformed policy', () => {
    const ask = () => TestApproval.adHoc({ level: 'COMMITTEE', approvers: ['group:risk'] });
    const problems = [{ at: '/quorum', problem: expect.any(String) }];
    expect(ask).toThrow(expect.objectContaining({ kind: 'invalid', details: { problems } }));
  });

  it.each<[string, object, unknown?]>([
    ['approval.rejection-unreachable', { rejection: { count: 3 } }, '/rejection'],
    ['approval.rejection-unreachable', { rejection: { veto: ['alice'] } }],
    ['approval.no-escalation', { expiry: { after: 'PT1H', outcome: 'escalate' } }],
    [
      'approval.after-expiry',
      { expiry: { after: 'PT1H', outcome: 'reject' }, reminders: ['PT2H'] },
      '/reminders/0',
    ],
    [
      'approval.escalation-order',
      {
        escalation: [
          { after: 'PT2H', approvers: ['bob'] },
          { after: 'PT1H', approvers: ['grace'] },
        ],
      },
    ],
    ['approval.calendar-out-of-reach', { calendar: 'sundays', reminders: ['P3000D'] }, '/calendar'],
    ['approval.unused', { level: 'AUTO' }],
    ['approval.unused', { onRejected: 'draft' }, '/onRejected'],
    ['approval.material-unknown', { material: ['/notional', '/currency'] }, '/material/1'],
  ])('is refused by the analysis: %s', (code, more, path = expect.any(String)) => {
    const policy = { level: 'SINGLE', approvers: ['erin', 'frank', 'alice'], ...more };
    const details = { findings: [expect.objectContaining({ code, path })] };
    expect(() => TestApproval.adHoc({ policy }, withSundays)).toThrow(
      expect.objectContaining({ kind: 'rule', code, details }),
    );
  });

  it('says who of those named does not count, and whom nobody knows', () => {
    const asked = () =>
      TestApproval.adHoc({ level: 'DUAL', approvers: ['alice', 'erin', 'mallory'] });
    expect(asked).toThrow(/alice asked and never decides; the directory has nobody for mallory$/);
  });

  it('of a workflow counts every hour when its calendar has no such time, and says so', () => {
    const policy = { ...DUAL, calendar: 'sundays', reminders: ['P3000D'] };
    const { state } = TestApproval.ofWorkflow(policy, withSundays);
    expect(state.deadlines.reminders).toHaveLength(1);
    expect([...state.incidents.keys()]).toEqual(['approval.calendar-out-of-reach']);
  });

  it('of level AUTO is decided by its rule, which is recorded with what it saw', () => {
    const auto = (rule: string) =>
      TestApproval.adHoc({ policy: { level: 'AUTO', approvers: [], rule } });
    const granted = auto('subject.notional < 10000000');
    expect(granted.last('approval.granted')).toMatchObject({
      approvers: [],
      rule: { expression: 'subject.notional < 10000000', inputs: SUBJECT },
    });
    expect(auto('subject.notional < 1').state.status).toBe('REJECTED');
    expect(() => auto('subject.notional')).toThrow(
      expect.objectContaining({ code: 'approval.rule-failed' }),
    );
    const failed = TestApproval.ofWorkflow({ level: 'AUTO', rule: 'subject.nothing == 1' });
    expect(failed.state.status).toBe('PENDING');
    expect([...failed.state.incidents.keys()]).toEqual(['approval.rule-failed']);
  });
});

describe('the quorum', () => {
  it('that nobody can reach any more is an incident, until it can be reached', () => {
    const approval = dual();
    approval.change('erin', { active: false });
    approval.change('frank', { active: false });
    approval.approve('grace');
    expect(approval.last('approval.incident-raised')).toMatchObject({
      code: 'approval.quorum-unreachable',
      message: expect.stringMatching(
        /^two different people of group:risk have to approve; 1 has, and nobody else may$/,
      ),
    });
    approval.change('frank', { active: true });
    approval.do((state, cause) => revokeDecision(state, { reason: 'wait' }, cause), 'grace');
    expect(approval.state.incidents.size).toBe(0);
    expect(approval.state.status).toBe('PENDING');
  });

  it('is no incident any more once the approval has ended, however that was', () => {
    const stuck = () => {
      const approval = asked();
      approval.change('erin', { active: false });
      approval.change('frank', { active: false });
      approval.approve('grace');
      expect(approval.state.incidents.size).toBe(1);
      return approval;
    };
    const withdrawn = stuck();
    withdrawn.do((state, cause) => withdrawApproval(state, 'not needed', cause));
    const cancelled = stuck();
    cancelled.do((state) => cancelApproval(state, 'it moved on'));
    for (const { state, events } of [withdrawn, cancelled]) {
      expect(state.incidents.size).toBe(0);
      expect(events.at(-2)?.type).toBe('approval.incident-resolved');
    }
  });

  it('takes later stages into account', () => {
    const approval = TestApproval.ofWorkflow({
      stages: [
        { name: 'one', level: 'DUAL', approvers: ['group:risk'] },
        { name: 'two', level: 'DUAL', approvers: ['group:risk'] },
      ],
    });
    expect([...approval.state.incidents.keys()]).toEqual(['approval.quorum-unreachable']);
  });
});

describe('a change of the subject', () => {
  it('voids the decisions, and takes new ones about the new subject', () => {
    const approval = asked();
    approval.approve('erin');
    const before = approval.state.subjectHash;
    const subject = { ...SUBJECT, notional: 6 };
    approval.do((state, cause) => changeSubject(state, { subject }, cause), 'alice');
    expect(approval.last('approval.subject-changed')).toMatchObject({
      changed: ['/notional'],
      material: true,
      voided: [expect.any(String)],
    });
    expect(approval.state).toMatchObject({ status: 'PENDING', votes: [], subject });
    const stale = () => approval.decide('erin', { subjectHash: before });
    expect(approval.refusal(stale)).toBe('approval.stale-subject');
    approval.approve('erin', 'frank');
    expect(approval.state.status).toBe('APPROVED');
  });

  it('in what is not material leaves them', () => {
    const policy = { ...DUAL, material: ['/notional'] };
    const approval = TestApproval.adHoc({ policy });
    approval.approve('erin');
    const subject = { ...SUBJECT, note: 'x' };
    approval.do((state, cause) => changeSubject(state, { subject }, cause), 'alice');
    expect(approval.state.votes).toHaveLength(1);
    approval.approve('frank');
    expect(approval.last('approval.granted').subject).toEqual(subject);
  });

  it('is the requester’s, of a request that is not a workflow’s', () => {
    const change = (approval: TestApproval, as: string) =>
      approval.refusal(() =>
        approval.do((state, cause) => changeSubject(state, { subject: {} }, cause), as),
      );
    expect(change(asked(), 'erin')).toBe('approval.not-the-requester');
    expect(change(dual(), 'alice')).toBe('approval.subject-is-the-workflows');
  });
});

describe('the end', () => {
  it('comes by withdrawing, to the requester alone', () => {
    const approval = asked();
    const withdraw = (as: string) =>
      approval.do((state, cause) => withdrawApproval(state, 'sorry', cause), as);
    expect(approval.refusal(() => withdraw('erin'))).toBe('approval.not-the-requester');
    withdraw('alice');
    expect(approval.state.status).toBe('WITHDRAWN');
    expect(approval.refusal(() => withdraw('alice'))).toBe('approval.not-open');
  });

  it('comes when the workflow needs it no more', () => {
    const approval = dual();
    approval.do((state) => cancelApproval(state, 'cancelled'));
    expect(approval.state.status).toBe('CANCELLED');
    expect(approval.do((state) => cancelApproval(state, 'again'))).toEqual([]);
  });

  it.each([
    ['reject', 'TIMED_OUT'],
    ['cancel', 'TIMED_OUT'],
  ] as const)('comes at the deadline, with %s', (outcome, status) => {
    const expiry = { after: 'PT1H', outcome };
    const approval = TestApproval.ofWorkflow({ ...DUAL, approvers: ['group:risk'], expiry });
    approval.approve('erin');
    approval.pass(HOUR - 1);
    expect(fire(approval)).toEqual([]);
    approval.pass(1);
    // Whether the timer has fired or not.
    expect(approval.refusal(() => approval.decide('frank'))).toBe('approval.not-open');
    fire(approval);
    expect(approval.state.status).toBe(status);
    expect(approval.last('approval.timed-out')).toMatchObject({ outcome });
    expect(fire(approval)).toEqual([]);
  });
});

describe('a revocation', () => {
  it('opens the stage again and voids what came later', () => {
    const approval = TestApproval.ofWorkflow({
      stages: [
        { name: 'desk', level: 'SINGLE', approvers: ['bob', 'heidi'] },
        { name: 'risk', level: 'DUAL', approvers: ['group:risk'] },
      ],
    });
    approval.approve('bob', 'erin');
    const revoke = (as: string) =>
      approval.do((state, cause) => revokeDecision(state, { reason: 'hm' }, cause), as);
    expect(approval.refusal(() => revoke('frank'))).toBe('approval.no-such-decision');
    revoke('bob');
    expect(approval.state).toMatchObject({ stage: 0, votes: [], status: 'PENDING' });
    approval.approve('bob', 'erin', 'frank');
    expect(approval.state.status).toBe('APPROVED');
    expect(approval.refusal(() => revoke('frank'))).toBe('approval.not-open');
  });
});

describe('beside the decision', () => {
  it('somebody claims it and gives it back', () => {
    const approval = dual();
    approval.do(claimApproval, 'erin');
    expect(approval.refusal(() => approval.do(claimApproval, 'frank'))).toBe(
      'approval.already-claimed',
    );
    expect(approval.refusal(() => approval.do(releaseApproval, 'frank'))).toBe(
      'approval.claimed-by-another',
    );
    approval.do(releaseApproval, 'heidi');
    expect(approval.refusal(() => approval.do(releaseApproval, 'erin'))).toBe(
      'approval.not-claimed',
    );
  });

  it('a claim is still theirs who were renamed, until they give it back or decide', () => {
    const claimed = (): TestApproval => {
      const approval = dual();
      approval.do(claimApproval, 'erin');
      approval.people = approval.people.map((each) =>
        each.id === 'erin' ? { ...each, id: 'erin9', logins: ['erin'] } : each,
      );
      return approval;
    };
    const [released, renewed, decided] = [claimed(), claimed(), claimed()];
    released.do(releaseApproval, 'erin9');
    expect(released.state.claimedBy).toBeUndefined();
    renewed.do(claimApproval, 'erin9');
    expect(renewed.state.claimedBy).toBe('erin9');
    decided.decide('erin9');
    expect(decided.state.claimedBy).toBeUndefined();
    expect(decided.events.slice(-2)).toMatchObject([
      { type: 'approval.released', data: { claimedBy: 'erin', releasedBy: 'erin9' } },
      { type: 'approval.decision-recorded' },
    ]);
    const others = claimed();
    others.decide('frank');
    expect(others.state.claimedBy).toBe('erin');
  });

  it('questions are open until they are answered', () => {
    const approval = dual();
    const say = (as: string, comment: object) =>
      approval.do((state, cause) => commentOn(state, comment as never, cause), as);
    say('erin', { commentId: 'q', kind: 'question', text: 'why?' });
    expect(approval.state.questions).toHaveLength(1);
    const wrong = () => say('alice', { commentId: 'a', kind: 'answer', text: 'so', answers: 'x' });
    expect(approval.refusal(wrong)).toBe('approval.no-such-question');
    say('alice', { commentId: 'a', kind: 'answer', text: 'so', answers: 'q' });
    expect(approval.state.questions).toEqual([]);
  });
});

describe('an emergency override', () => {
  const policy = { ...DUAL, approvers: ['group:risk'], breakGlass: ['role:head', 'alice'] };
  const override = (approval: TestApproval, as: string) =>
    approval.do((state, cause) => {
      const { subjectHash } = approval.state;
      return overrideApproval(state, { reason: 'fire', subjectHash }, cause);
    }, as);
  const review = (approval: TestApproval, as: string) =>
    approval.do(
      (state, cause) => closeReview(state, { verdict: 'justified', reason: 'ok' }, cause),
      as,
    );

  it('grants, and opens a review that somebody else closes', () => {
    const approval = TestApproval.ofWorkflow(policy);
    expect(approval.refusal(() => override(approval, 'erin'))).toBe('approval.not-an-approver');
    expect(approval.refusal(() => override(approval, 'alice'))).toBe('approval.self-approval');
    override(approval, 'bob');
    expect(approval.last('approval.granted')).toMatchObject({ overriddenBy: 'bob', approvers: [] });
    expect(approval.state.review).toBe('open');
    expect(approval.refusal(() => review(approval, 'bob'))).toBe('approval.self-approval');
    expect(approval.refusal(() => review(approval, 'alice'))).toBe('approval.self-approval');
    review(approval, 'erin');
    expect(approval.refusal(() => review(approval, 'frank'))).toBe('approval.no-open-review');
  });
});
