import { describe, expect, it } from '@jest/globals';

import { explainApproval } from './explain.js';
import { checkQuorum } from './reachability.js';
import { TestApproval } from './test-approval.js';

const summary = (approval: TestApproval) =>
  explainApproval(approval.any, approval.cause('bob')).summary;
/** People leave, and approvals hear of it. */
const leave = (approval: TestApproval, ...gone: string[]) => {
  approval.people = approval.people.filter(({ id }) => !gone.includes(id));
  approval.do(checkQuorum);
};
const committee = { level: 'COMMITTEE', quorum: 3, approvers: ['group:risk'] } as const;

describe('an approval that nobody can give any more', () => {
  it('is told as it is now, with the ways out', () => {
    const approval = TestApproval.adHoc(committee);
    leave(approval, 'grace');
    const ways =
      'who asked may withdraw it or change the subject; an administrator may escalate it';
    expect(summary(approval)).toBe(
      `Only a rejection can decide it: 3 different people of group:risk have to approve; only 2 may; ${ways}`,
    );
    approval.approve('erin', 'frank');
    expect(summary(approval)).toBe(
      `Stuck: 3 different people of group:risk have to approve; 2 have, and nobody else may; ${ways}`,
    );
  });

  it.each<[string, object, string]>([
    ['too few are left to reject', { rejection: { count: 3 } }, 'Stuck'],
    ['enough are', { rejection: { count: 2 } }, 'Only a rejection can decide it'],
    ['who holds a veto has left', { rejection: { veto: ['grace'] } }, 'Stuck'],
    ['who holds one is there', { rejection: { veto: ['erin'] } }, 'Only a rejection can decide it'],
  ])('is not stuck while it can be rejected: %s', (_, rule, expected) => {
    const approval = TestApproval.ofWorkflow({ ...committee, ...rule });
    leave(approval, 'grace');
    expect(summary(approval).split(':')[0]).toBe(expected);
  });

  it('counts the rejections that were given', () => {
    const approval = TestApproval.ofWorkflow({ ...committee, rejection: { count: 2 } });
    approval.reject('erin');
    expect(summary(approval)).toMatch(/^Only a rejection/);
    approval.approve('frank', 'grace');
    expect(summary(approval)).toMatch(/^Stuck: .*; who asked may withdraw it$/);
  });

  it('ends by itself when its time is up, and asks the tiers that are left', () => {
    const approval = TestApproval.ofWorkflow({
      ...committee,
      expiry: { after: 'PT2H', outcome: 'cancel' },
      escalation: [{ after: 'PT1H', approvers: ['bob'] }],
    });
    leave(approval, 'grace');
    expect(summary(approval)).toMatch(
      /; an administrator may escalate it; its time is up at 2026-11-24T11:00:00.000Z$/,
    );
  });

  it('of a rule that fails can be asked anew', () => {
    const policy = { level: 'AUTO', rule: 'subject.missing > 1' };
    expect(summary(TestApproval.ofWorkflow(policy))).toMatch(
      /^Stuck: subject\.missing > 1: .*; who asked may withdraw it$/,
    );
  });

  it('is none for an incident that holds nothing up', () => {
    const approval = TestApproval.ofWorkflow({
      ...committee,
      calendar: 'mars',
      reminders: ['PT1H'],
    });
    expect(approval.last('approval.incident-raised').code).toBe('approval.unknown-calendar');
    expect(summary(approval)).toBe('0 of 3 approvals are given; 3 people may give the others');
  });
});
