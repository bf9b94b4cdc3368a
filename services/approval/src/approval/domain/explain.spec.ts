import { describe, expect, it } from '@jest/globals';

import { overrideApproval } from './break-glass.js';
import { quorumOf } from './counting.js';
import { freezeDeadlines } from './deadlines.js';
import { explainApproval } from './explain.js';
import { TestApproval } from './test-approval.js';

const why = (approval: TestApproval, as: string) =>
  explainApproval(approval.any, approval.cause(as));

describe('an explanation', () => {
  const policy = {
    level: 'DUAL',
    approvers: ['group:risk', 'group:desk'],
    expiry: { after: 'PT2H', outcome: 'reject' },
    reminders: ['PT30M'],
    escalation: [{ after: 'PT1H', approvers: ['heidi'] }],
  } as const;
  const open = () =>
    TestApproval.ofWorkflow({ ...policy }, (it) =>
      it.delegate('grace', 'heidi', { outOfOffice: true }),
    );

  it('says whom it waits on, who acts for them, and who is barred by what', () => {
    const approval = open();
    approval.approve('erin');
    const { waitingOn, barred, summary, quorum } = why(approval, 'frank');
    expect(waitingOn.map(({ person }) => person).sort()).toEqual(['bob', 'frank', 'grace']);
    expect(waitingOn.find(({ person }) => person === 'grace')).toMatchObject({
      delegates: ['heidi'],
      outOfOffice: true,
    });
    expect(barred).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ person: 'alice', code: 'approval.self-approval' }),
        expect.objectContaining({ person: 'erin', code: 'approval.already-decided' }),
      ]),
    );
    expect(quorum).toEqual({ required: 2, given: 1, met: false });
    expect(summary).toBe('1 of 2 approvals are given; 3 people may give the others');
  });

  it('says what the caller may do, and with what a decision would be refused', () => {
    const approval = open();
    expect(why(approval, 'erin').you).toMatchObject({ mayDecide: true, qualifiedBy: 'group:risk' });
    expect(why(approval, 'alice').you).toMatchObject({
      mayDecide: false,
      code: 'approval.self-approval',
    });
    expect(why(approval, 'heidi').you).toMatchObject({
      mayDecide: true,
      qualifiedBy: 'group:risk',
      code: 'approval.not-an-approver',
      reason: expect.stringMatching(/only on behalf of grace: say onBehalfOf$/),
      onBehalfOf: ['grace'],
    });
    expect(approval.refusal(() => approval.decide('heidi', { onBehalfOf: 'grace' }))).toBe(
      undefined,
    );
  });

  it('names those who act for somebody while they can', () => {
    const approval = open();
    approval.delegate('frank', 'erin');
    const delegates = () =>
      why(approval, 'bob').waitingOn.find(({ person }) => person === 'frank')?.delegates;
    expect(delegates()).toEqual(['erin']);
    approval.approve('erin');
    expect(delegates()).toEqual([]);
    expect(why(approval, 'erin').you).toMatchObject({ mayDecide: false, onBehalfOf: [] });
  });

  it('names those who act for somebody through others', () => {
    const approval = TestApproval.ofWorkflow({ level: 'DUAL', approvers: ['group:risk'] });
    const links = [
      ['erin', 'ivan'],
      ['erin', 'heidi'],
      ['heidi', 'bob'],
      ['ivan', 'frank'],
      ['bob', 'grace'],
      ['bob', 'alice'],
    ] as const;
    for (const [from, to] of links) approval.delegate(from, to);
    const { waitingOn } = why(approval, 'bob');
    // Ivan made the subject, alice asked: neither acts, nor does anybody through them.
    expect(waitingOn.find(({ person }) => person === 'erin')?.delegates).toEqual([
      'heidi',
      'bob',
      'grace',
    ]);
    approval.approve('grace');
    const left = why(approval, 'bob').waitingOn.find(({ person }) => person === 'erin');
    expect(left?.delegates).toEqual(['heidi', 'bob']);
  });

  it('counts in its stages as the quorum does', () => {
    const approval = TestApproval.ofWorkflow({
      stages: [{ name: 'risk', level: 'COMMITTEE', quorum: 3, approvers: ['group:risk', 'bob'] }],
    });
    approval.approve('erin', 'frank');
    const [erin] = approval.people.filter(({ id }) => id === 'erin');
    if (!erin) throw new Error('erin is there');
    approval.people = approval.people
      .filter(({ id }) => id !== 'frank')
      .map((each) => (each === erin ? { ...erin, logins: ['frank'] } : each));
    const { stages, quorum } = why(approval, 'bob');
    expect([stages[0]?.given, quorum.given]).toEqual([1, 1]);
  });

  it.each<[object, string]>([
    [{ level: 'SINGLE' }, 'one person of lee has to approve; nobody may'],
    [
      { level: 'DUAL', approvers: ['lee', 'erin'] },
      'two different people of lee or erin have to approve; only 1 may',
    ],
    [
      { level: 'COMMITTEE', quorum: 3, approvers: ['role:head', 'lee'] },
      '3 different people of role:head or lee have to approve; only 2 may',
    ],
    [
      { level: 'COMMITTEE', quorum: { percent: 60 } },
      '60 percent (1 person) of lee has to approve; nobody may',
    ],
  ])('says what cannot be met any more: %j', (policy, sentence) => {
    const approval = TestApproval.ofWorkflow({ approvers: ['lee'], ...policy });
    expect(approval.last('approval.incident-raised').message).toBe(sentence);
  });

  it('says who may override, and who may review that', () => {
    const approval = TestApproval.ofWorkflow({
      stages: [
        { name: 'desk', level: 'SINGLE', approvers: ['group:desk'] },
        { name: 'risk', level: 'DUAL', approvers: ['group:risk'] },
      ],
      breakGlass: ['heidi'],
    });
    const acts = (as: string) => {
      const { mayOverride, mayReview } = why(approval, as).you;
      return { mayOverride, mayReview };
    };
    expect(acts('heidi')).toEqual({ mayOverride: true, mayReview: false });
    expect(acts('erin')).toEqual({ mayOverride: false, mayReview: false });
    approval.approve('bob');
    const { subjectHash } = approval.state;
    approval.do(
      (state, cause) => overrideApproval(state, { reason: 'fire', subjectHash }, cause),
      'heidi',
    );
    expect(acts('heidi')).toEqual({ mayOverride: false, mayReview: false });
    expect(acts('erin')).toEqual({ mayOverride: false, mayReview: true });
    expect(why(approval, 'erin').stages.map(({ status }) => status)).toEqual([
      'COMPLETE',
      'OVERRIDDEN',
    ]);
  });

  it('says it in one sentence', () => {
    const approval = TestApproval.ofWorkflow({ level: 'SINGLE', approvers: ['erin'] });
    expect(why(approval, 'erin').summary).toBe('0 of 1 approval is given; 1 person may give it');
    approval.do((state, cause) => freezeDeadlines(state, cause.now));
    expect(why(approval, 'erin').summary).toMatch(/; the workflow is paused$/);
  });

  it('of level AUTO has a quorum as its rule says', () => {
    const auto = (rule: string) =>
      why(TestApproval.adHoc({ policy: { level: 'AUTO', approvers: [], rule } }), 'erin');
    expect(auto('true').quorum).toEqual({ required: 0, given: 0, met: true });
    expect(auto('false').quorum.met).toBe(false);
    expect(auto('false').stages[0]?.met).toBe(false);
    // Replies to commands say the same.
    const refused = TestApproval.adHoc({ policy: { level: 'AUTO', approvers: [], rule: 'false' } });
    expect(quorumOf(refused.state, refused.organisation).met).toBe(false);
  });

  it('says what happens when', () => {
    expect(why(open(), 'erin').deadlines).toEqual([
      { at: '2026-11-24T09:30:00.000Z', what: 'those who have not decided are reminded' },
      { at: '2026-11-24T10:00:00.000Z', what: 'heidi may decide as well' },
      { at: '2026-11-24T11:00:00.000Z', what: 'it times out, as if rejected' },
    ]);
  });

  it('says which rule decided', () => {
    const approval = open();
    approval.approve('erin', 'frank');
    expect(why(approval, 'erin')).toMatchObject({
      status: 'APPROVED',
      decidedBy: { people: ['erin', 'frank'] },
      waitingOn: [],
    });
    const rejected = open();
    rejected.reject('bob');
    expect(why(rejected, 'x').decidedBy).toEqual({
      rule: 'one rejection rejects',
      people: ['bob'],
    });
  });

  it.each<[object, string[]]>([
    [{ rejection: { veto: ['grace'] } }, ['grace']],
    [{ rejection: { count: 2 } }, ['erin', 'frank']],
    [{}, ['erin']],
  ])('names those whose rejections decided, by %j', (rule, people) => {
    const approval = TestApproval.ofWorkflow({ level: 'DUAL', approvers: ['group:risk'], ...rule });
    for (const id of ['erin', 'frank', 'grace']) {
      if (approval.state.status !== 'REJECTED') approval.reject(id);
    }
    expect(why(approval, 'bob').decidedBy?.people).toEqual(people);
    // Also when the one with the veto has left since.
    approval.people = approval.people.filter(({ id }) => id !== 'grace');
    expect(why(approval, 'bob').decidedBy?.people).toEqual(people);
  });
});
