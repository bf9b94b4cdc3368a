import { directoryAggregate } from '@countersign/contracts';
import { describe, expect, it } from '@jest/globals';

import { fireDeadlines, freezeDeadlines, resumeDeadlines } from './deadlines.js';
import { escalateApproval, escalateForWorkflow } from './escalate.js';
import { TestApproval } from './test-approval.js';

const HOUR = 3_600_000;
const DUAL = { level: 'DUAL', approvers: ['group:risk'] } as const;
const dual = () => TestApproval.ofWorkflow(DUAL);
const asked = (more = {}) => TestApproval.adHoc({ ...DUAL, ...more });
const fire = (approval: TestApproval) => approval.do(fireDeadlines);

describe('escalation', () => {
  const tiers = {
    ...DUAL,
    approvers: ['group:risk'],
    escalation: [
      { after: 'PT1H', approvers: ['role:head'] },
      { after: 'PT2H', approvers: ['heidi'] },
    ],
  };
  const escalate = (approval: TestApproval, as: string, approvers?: string[]) =>
    approval.do(
      (state, cause) => escalateApproval(state, { approvers, reason: 'away' }, cause),
      as,
    );

  it('asks tier after tier, in time and by hand, each once', () => {
    const approval = TestApproval.ofWorkflow(tiers);
    expect(approval.refusal(() => approval.decide('bob'))).toBe('approval.not-an-approver');
    escalate(approval, 'erin');
    expect(approval.last('approval.escalated')).toMatchObject({ tier: 0, cause: 'person' });
    approval.pass(HOUR);
    expect(fire(approval)).toEqual([]);
    approval.pass(HOUR);
    fire(approval);
    expect(approval.last('approval.escalated')).toMatchObject({ tier: 1, cause: 'timeout' });
    approval.approve('bob', 'heidi');
    expect(approval.state.status).toBe('APPROVED');
  });

  it('goes to the tiers of a policy alone, and never by who asked', () => {
    const approval = TestApproval.ofWorkflow(tiers);
    const code = (as: string, approvers?: string[]) =>
      approval.refusal(() => escalate(approval, as, approvers));
    expect(code('erin', ['ivan'])).toBe('approval.not-of-the-tiers');
    expect(code('alice')).toBe('approval.self-approval');
    expect(code('ivan')).toBe('approval.excluded');
    expect(code('bob')).toBe('approval.not-an-approver');
    expect(code('heidi')).toBeUndefined();
    expect(dual().refusal(() => escalate(dual(), 'erin', ['bob']))).toBe('approval.no-tier');
  });

  it('of an ad-hoc request adds whom somebody names, but not oneself', () => {
    const approval = asked();
    const code = (approvers?: string[], as = 'heidi') =>
      approval.refusal(() => escalate(approval, as, approvers));
    expect(code()).toBe('approval.approvers-missing');
    expect(code(['nobody'])).toBe('approval.unknown-approver');
    expect(code(['heidi'])).toBe('approval.excluded');
    expect(code(['group:workflow-admins'])).toBe('approval.excluded');
    expect(code(['bob'], 'alice')).toBe('approval.self-approval');
    escalate(approval, 'heidi', ['bob', 'alice']);
    expect(approval.refusal(() => approval.decide('alice'))).toBe('approval.self-approval');
    approval.approve('bob', 'erin');
    expect(approval.state.status).toBe('APPROVED');
  });

  it('adds somebody who could decide, or is refused', () => {
    const approval = asked();
    const code = (...approvers: string[]) =>
      approval.refusal(() => escalate(approval, 'heidi', approvers));
    expect(code('erin', 'role:head')).toBeUndefined();
    for (const none of ['erin', 'group:risk', 'alice'])
      expect(code(none)).toBe('approval.nobody-new');
    escalate(approval, 'heidi', ['role:head']);
    expect(code('role:head')).toBe('approval.nobody-new');
    approval.approve('bob');
    expect(code('bob')).toBe('approval.nobody-new');
    expect(code('ivan')).toBeUndefined();
  });

  it('passes a tier with nobody new on the way to one with somebody', () => {
    const of = (...others: string[]) =>
      TestApproval.ofWorkflow({
        ...DUAL,
        escalation: others.map((each) => ({ after: 'PT1H', approvers: [each] })),
      });
    const approval = of('erin', 'bob');
    expect(approval.refusal(() => escalate(approval, 'frank', ['erin']))).toBe(
      'approval.nobody-new',
    );
    escalate(approval, 'frank');
    escalate(approval, 'frank');
    expect(approval.last('approval.escalated')).toMatchObject({ approvers: ['bob'] });
    const known = of('erin', 'alice');
    expect(known.refusal(() => escalate(known, 'frank'))).toBe('approval.nobody-new');
  });

  it('compares names where no directory says who people are', () => {
    const approval = TestApproval.adHoc(DUAL, (it) => {
      it.directory = directoryAggregate.initialState;
    });
    const code = (...approvers: string[]) =>
      approval.refusal(() =>
        approval.do(
          (state, cause) => escalateApproval(state, { approvers, reason: 'away' }, cause),
          'heidi',
          { roles: [], groups: ['workflow-admins'] },
        ),
      );
    expect(code('group:risk', 'alice')).toBe('approval.nobody-new');
    expect(code('bob')).toBeUndefined();
  });

  it('follows the timeout of the workflow: a tier, else its administrators', () => {
    const approval = TestApproval.ofWorkflow(tiers);
    const overdue = () =>
      approval.do((state, cause) => escalateForWorkflow(state, ['group:workflow-admins'], cause));
    overdue();
    overdue();
    expect(approval.last('approval.escalated')).toMatchObject({ tier: 1 });
    overdue();
    expect(approval.last('approval.escalated')).toMatchObject({
      approvers: ['group:workflow-admins'],
      cause: 'workflow-timeout',
    });
  });

  it('at the expiry asks all that are left and stays open', () => {
    const expiry = { after: 'PT30M', outcome: 'escalate' } as const;
    const approval = TestApproval.ofWorkflow({ ...tiers, expiry });
    approval.pass(HOUR / 2);
    fire(approval);
    expect(approval.last('approval.escalated')).toMatchObject({
      approvers: ['role:head', 'heidi'],
      tier: 1,
      cause: 'expiry',
    });
    approval.pass(10 * HOUR);
    expect(fire(approval)).toEqual([]);
    approval.approve('bob', 'heidi');
    expect(approval.state.status).toBe('APPROVED');
  });
});

describe('deadlines', () => {
  const policy = {
    ...DUAL,
    approvers: ['group:risk'],
    reminders: ['PT10M', 'PT20M'],
    expiry: { after: 'PT1H', outcome: 'reject' },
  } as const;
  const open = () => TestApproval.ofWorkflow(policy);

  it('remind those who have not decided, once for several that were missed', () => {
    const approval = open();
    approval.approve('erin');
    approval.pass(HOUR / 2);
    fire(approval);
    expect(approval.last('approval.reminded')).toMatchObject({
      reminder: 1,
      waitingFor: ['frank', 'grace'],
    });
    expect(fire(approval)).toEqual([]);
  });

  it('stand still while the workflow is paused, and go on with what was left', () => {
    const approval = open();
    approval.pass(HOUR / 2);
    approval.do((state, cause) => freezeDeadlines(state, cause.now));
    approval.pass(10 * HOUR);
    expect(fire(approval)).toEqual([]);
    approval.approve('erin');
    approval.do((state, cause) => resumeDeadlines(state, cause.now));
    expect(approval.state.deadlines.expiresAt).toBe('2026-11-24T20:00:00.000Z');
    approval.pass(HOUR / 2);
    fire(approval);
    expect(approval.state.status).toBe('TIMED_OUT');
  });
});
