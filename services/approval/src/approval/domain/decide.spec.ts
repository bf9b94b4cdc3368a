import type { AppError } from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';

import { recordRefusal } from './decide.js';
import { TestApproval } from './test-approval.js';

const DUAL = { level: 'DUAL', approvers: ['group:risk'] } as const;
const STAGES = {
  stages: [
    { name: 'desk', level: 'SINGLE', approvers: ['group:desk', 'group:risk'] },
    { name: 'risk', level: 'DUAL', approvers: ['group:risk'] },
  ],
} as const;

describe('a decision', () => {
  it('completes DUAL when a second person approves, and says everything in the outcome', () => {
    const approval = TestApproval.ofWorkflow(DUAL);
    approval.approve('erin');
    expect(approval.state.status).toBe('IN_PROGRESS');
    approval.approve('frank');
    expect(approval.state.status).toBe('APPROVED');
    expect(approval.last('approval.granted')).toMatchObject({
      approvers: ['erin', 'frank'],
      level: 'DUAL',
      requester: 'alice',
      subject: { tradeId: 'T-1' },
      decisions: [
        { approver: 'erin', action: 'approve', qualifiedBy: 'group:risk', stage: 0 },
        { approver: 'frank', decidedAt: '2026-11-24T09:00:00.000Z' },
      ],
    });
  });

  it('keeps what was shown, and the revision of the directory', () => {
    const approval = TestApproval.ofWorkflow(DUAL);
    approval.approve('erin');
    expect(approval.last('approval.decision-recorded')).toMatchObject({
      subject: { tradeId: 'T-1' },
      directoryRevision: 7,
    });
  });

  it.each([
    ['approval.self-approval', 'alice', { level: 'DUAL', approvers: ['group:desk', 'group:risk'] }],
    ['approval.excluded', 'ivan', { level: 'DUAL', approvers: ['ivan', 'group:risk'] }],
    ['approval.not-an-approver', 'heidi', DUAL],
    ['approval.not-an-approver', 'mallory', DUAL],
    ['approval.not-an-approver', 'frank', { ...DUAL, within: ['grace', 'erin'] }],
  ] as const)('is refused as %s to %s', (code, who, policy) => {
    const approval = TestApproval.ofWorkflow(policy);
    expect(approval.refusal(() => approval.decide(who))).toBe(code);
  });

  it('says to somebody of a later stage that it is not open yet', () => {
    const stage = (name: string, approvers: string[], more = {}) => ({
      ...{ name, level: 'SINGLE', approvers },
      ...more,
    });
    const stages = [
      stage('desk', ['bob']),
      stage('risk', ['group:risk'], { within: ['erin'] }),
      stage('heads', ['role:head']),
    ];
    const approval = TestApproval.ofWorkflow({ stages });
    approval.delegate('erin', 'heidi');
    const stageOf = (who: string, onBehalfOf?: string): unknown => {
      try {
        approval.decide(who, { onBehalfOf });
        return undefined;
      } catch (error) {
        const { code, details } = error as AppError;
        return [code, details?.['stage']];
      }
    };
    const code = 'approval.not-an-approver';
    expect(stageOf('erin')).toEqual([code, 'risk']);
    expect(stageOf('heidi', 'erin')).toEqual([code, 'risk']);
    expect(stageOf('frank')).toEqual([code, undefined]);
    expect(stageOf('grace')).toEqual([code, 'heads']);
    approval.approve('bob');
    expect(stageOf('grace')).toEqual([code, 'heads']);
    approval.approve('erin');
    expect(stageOf('frank')).toEqual([code, undefined]);
    expect(stageOf('grace')).toBeUndefined();
  });

  it('says whether it is the policy that does not name somebody, or `within`', () => {
    const approval = TestApproval.ofWorkflow({ ...DUAL, within: ['grace', 'erin'] });
    const refused = (who: string): unknown => {
      try {
        approval.decide(who);
        return undefined;
      } catch (error) {
        return error;
      }
    };
    const { approvers } = DUAL;
    const within = ['grace', 'erin'];
    expect(refused('frank')).toMatchObject({ details: { approvers, within } });
    expect(refused('frank')).toHaveProperty(
      'message',
      expect.stringContaining('within grace, erin'),
    );
    expect(refused('heidi')).not.toHaveProperty('details.within');
  });

  it('is refused twice to the same person, under another login as well', () => {
    const approval = TestApproval.ofWorkflow(DUAL);
    approval.change('erin', { logins: ['u-17'] });
    approval.approve('erin');
    expect(approval.refusal(() => approval.decide('erin'))).toBe('approval.already-decided');
    expect(approval.refusal(() => approval.decide('u-17'))).toBe('approval.already-decided');
    expect(approval.state.votes).toHaveLength(1);
  });

  it('is refused to the requester under another login', () => {
    const approval = TestApproval.ofWorkflow({ level: 'SINGLE', approvers: ['group:desk'] }, (it) =>
      it.change('alice', { logins: ['a-1'] }),
    );
    expect(approval.refusal(() => approval.decide('a-1'))).toBe('approval.self-approval');
  });

  it('is refused about another subject, after the end, and by the system', () => {
    const approval = TestApproval.ofWorkflow(DUAL);
    const stale = { subjectHash: 'f'.repeat(64) };
    expect(approval.refusal(() => approval.decide('erin', stale))).toBe('approval.stale-subject');
    const system = { id: 'system:workflow', authMethod: 'service' };
    expect(approval.refusal(() => approval.decide('x', {}, system))).toBe('approval.not-a-person');
    approval.reject('erin');
    expect(approval.state.status).toBe('REJECTED');
    expect(approval.refusal(() => approval.decide('frank'))).toBe('approval.not-open');
  });

  it('is refused to whoever has left, whatever the token says', () => {
    const approval = TestApproval.ofWorkflow(DUAL);
    approval.change('erin', { active: false });
    const claims = { groups: ['risk'] };
    expect(approval.refusal(() => approval.decide('erin', {}, claims))).toBe(
      'approval.not-an-approver',
    );
  });

  it('takes the roles and groups of a token from people whom the directory never knew, and from nobody else', () => {
    const approval = TestApproval.ofWorkflow(DUAL);
    approval.decide('newcomer', {}, { groups: ['risk'] });
    expect(approval.state.votes).toHaveLength(1);
    expect(approval.refusal(() => approval.decide('heidi', {}, { groups: ['risk'] }))).toBe(
      'approval.not-an-approver',
    );
  });

  it('may abstain where the policy says so, which counts for neither', () => {
    const plain = TestApproval.ofWorkflow(DUAL);
    const abstain = { action: 'abstain' } as const;
    expect(plain.refusal(() => plain.decide('erin', abstain))).toBe('approval.abstain-not-allowed');
    const approval = TestApproval.ofWorkflow({ ...DUAL, abstain: true });
    approval.decide('erin', abstain);
    expect(approval.state.status).toBe('IN_PROGRESS');
    approval.approve('frank', 'grace');
    expect(approval.state.status).toBe('APPROVED');
    expect(approval.last('approval.granted').approvers).toEqual(['frank', 'grace']);
  });

  it('is recorded as refused where the policy says so, ten times of one person at most', () => {
    const refuse = (approval: TestApproval, who: string) =>
      approval.do(
        (state, cause) =>
          recordRefusal(state, { action: 'approve' }, { code: 'x', message: 'y' }, cause),
        who,
      );
    expect(refuse(TestApproval.ofWorkflow(DUAL), 'alice')).toEqual([]);
    const audited = TestApproval.ofWorkflow({ ...DUAL, auditRefusals: true });
    for (let count = 0; count < 20; count++) refuse(audited, 'mallory');
    expect(refuse(audited, 'alice')).toHaveLength(1);
    expect(audited.types.filter((type) => type === 'approval.decision-refused')).toHaveLength(11);
  });

  describe('of two people who turn out to be one', () => {
    /** frank is another login of erin's, it is learned. */
    const merged = (approval: TestApproval) => {
      approval.people = approval.people.filter(({ id }) => id !== 'frank');
      approval.change('erin', { logins: ['frank'] });
    };

    it('is refused the second time', () => {
      const approval = TestApproval.ofWorkflow(DUAL);
      approval.approve('frank');
      merged(approval);
      expect(approval.refusal(() => approval.decide('erin'))).toBe('approval.already-decided');
    });

    it('counts once when both have decided', () => {
      const policy = { level: 'COMMITTEE', quorum: 3, approvers: ['group:risk', 'bob'] };
      const approval = TestApproval.ofWorkflow(policy);
      approval.approve('frank', 'erin');
      merged(approval);
      approval.approve('grace');
      expect(approval.state.status).toBe('IN_PROGRESS');
      approval.approve('bob');
      expect(approval.state.status).toBe('APPROVED');
    });

    it('is refused in a later stage', () => {
      const approval = TestApproval.ofWorkflow(STAGES);
      approval.approve('frank');
      merged(approval);
      expect(approval.refusal(() => approval.decide('erin'))).toBe('approval.excluded');
    });

    it('is refused to who asked as the other', () => {
      const approval = TestApproval.ofWorkflow(DUAL);
      approval.people = approval.people.filter(({ id }) => id !== 'alice');
      approval.change('erin', { logins: ['alice'] });
      expect(approval.refusal(() => approval.decide('erin'))).toBe('approval.self-approval');
    });
  });
});

describe('rejection', () => {
  const committee = { level: 'COMMITTEE', quorum: 2, approvers: ['group:risk', 'bob'] } as const;

  it('by a count takes so many', () => {
    const approval = TestApproval.ofWorkflow({ ...committee, rejection: { count: 2 } });
    approval.reject('erin');
    expect(approval.state.status).toBe('IN_PROGRESS');
    approval.reject('bob');
    expect(approval.state.status).toBe('REJECTED');
  });

  it('by veto takes somebody who holds one', () => {
    const approval = TestApproval.ofWorkflow({ ...committee, rejection: { veto: ['role:head'] } });
    approval.reject('erin');
    expect(approval.state.status).toBe('IN_PROGRESS');
    approval.reject('grace');
    expect(approval.state.status).toBe('REJECTED');
  });
});

describe('stages', () => {
  it('follow each other, and nobody decides two of them', () => {
    const approval = TestApproval.ofWorkflow(STAGES);
    expect(approval.refusal(() => approval.decide('heidi'))).toBe('approval.not-an-approver');
    approval.approve('erin');
    expect(approval.last('approval.stage-completed')).toMatchObject({
      stage: 0,
      name: 'desk',
      approvers: ['erin'],
      next: { stage: 1, name: 'risk', required: 2 },
    });
    expect(approval.refusal(() => approval.decide('erin'))).toBe('approval.excluded');
    expect(approval.refusal(() => approval.decide('bob'))).toBe('approval.not-an-approver');
    approval.approve('frank', 'grace');
    expect(approval.state.status).toBe('APPROVED');
  });

  it('fix a quorum in percent when they open', () => {
    const approval = TestApproval.ofWorkflow({
      level: 'COMMITTEE',
      quorum: { percent: 50 },
      approvers: ['group:risk'],
    });
    expect(approval.state.required).toEqual([2]);
    approval.change('heidi', { groups: ['risk'] });
    approval.change('bob', { groups: ['risk'] });
    approval.approve('heidi', 'erin');
    expect(approval.state.status).toBe('APPROVED');
  });
});

describe('delegation', () => {
  it('lets somebody decide on behalf of who is named, and uses both up', () => {
    const approval = TestApproval.ofWorkflow(DUAL, (it) => it.delegate('grace', 'heidi'));
    approval.decide('heidi', { onBehalfOf: 'grace' });
    expect(approval.last('approval.decision-recorded')).toMatchObject({
      approver: 'heidi',
      onBehalfOf: 'grace',
      qualifiedBy: 'group:risk',
      delegations: [expect.any(String)],
    });
    expect(approval.refusal(() => approval.decide('grace'))).toBe('approval.already-decided');
    expect(approval.refusal(() => approval.decide('heidi', { onBehalfOf: 'grace' }))).toBe(
      'approval.already-decided',
    );
  });

  it.each([
    ['forged', () => undefined],
    ['over', (it: TestApproval) => it.delegate('grace', 'heidi', { end: '2026-11-24T09:00:00Z' })],
    [
      'not yet',
      (it: TestApproval) => it.delegate('grace', 'heidi', { start: '2026-11-24T09:00:01Z' }),
    ],
    [
      'about other templates',
      (it: TestApproval) => it.delegate('grace', 'heidi', { scope: { templates: ['other'] } }),
    ],
    [
      'in another capacity',
      (it: TestApproval) => it.delegate('grace', 'heidi', { scope: { approvers: ['role:head'] } }),
    ],
    [
      'of somebody who is not there',
      (it: TestApproval) => {
        it.delegate('grace', 'heidi');
        it.change('grace', { active: false });
      },
    ],
  ])('does not count when it is %s', (_, setUp) => {
    const approval = TestApproval.ofWorkflow(DUAL, setUp);
    const decide = () => approval.decide('heidi', { onBehalfOf: 'grace' });
    expect(approval.refusal(decide)).toBe('approval.not-an-approver');
  });

  it('never brings in who asked or made the subject, at either end or between', () => {
    const approval = TestApproval.ofWorkflow(
      { level: 'DUAL', approvers: ['group:risk', 'group:desk', 'ivan'] },
      (it) => {
        it.delegate('alice', 'heidi');
        it.delegate('erin', 'alice');
        it.delegate('frank', 'alice');
        it.delegate('ivan', 'bob');
      },
    );
    const as = (who: string, onBehalfOf: string) =>
      approval.refusal(() => approval.decide(who, { onBehalfOf }));
    expect(as('heidi', 'alice')).toBe('approval.self-approval');
    expect(as('alice', 'erin')).toBe('approval.self-approval');
    expect(as('heidi', 'frank')).toBe('approval.not-an-approver');
    expect(as('bob', 'ivan')).toBe('approval.excluded');
  });
});

describe('a signature', () => {
  const policy = {
    level: 'SINGLE',
    approvers: ['erin'],
    signature: { meaning: 'reviewed' },
  } as const;
  const at = (authenticatedAt: string) => ({ authenticatedAt });

  it('takes having signed in just now', () => {
    const approval = TestApproval.ofWorkflow(policy);
    const code = 'approval.reauthentication-needed';
    expect(approval.refusal(() => approval.decide('erin'))).toBe(code);
    const old = at('2026-11-24T08:54:59Z');
    expect(approval.refusal(() => approval.decide('erin', {}, old))).toBe(code);
    const ahead = at('2026-11-24T09:02:00Z');
    expect(approval.refusal(() => approval.decide('erin', {}, ahead))).toBe(code);
    approval.decide('erin', {}, at('2026-11-24T08:56:00Z'));
    expect(approval.last('approval.granted').decisions?.[0]?.signature).toEqual({
      meaning: 'reviewed',
      name: 'ERIN',
      authenticatedAt: '2026-11-24T08:56:00Z',
      authMethod: 'bearer',
    });
  });
});
