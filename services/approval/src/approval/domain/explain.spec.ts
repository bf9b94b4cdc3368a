import { describe, expect, it } from '@jest/globals';

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
      mayDecide: false,
      code: 'approval.not-an-approver',
      onBehalfOf: ['grace'],
    });
    expect(approval.refusal(() => approval.decide('heidi', { onBehalfOf: 'grace' }))).toBe(
      undefined,
    );
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
});
