import type { ApprovalEvent } from '@countersign/contracts';
import { type Actor, AppError, fold } from '@countersign/kernel';
import type { ApprovalPolicy } from '@countersign/state-machine';
import { codeOf, given } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { decideApproval, requestApproval, withdrawApproval } from './decider.js';
import { approvalAggregate, type ApprovalState } from './state.js';

const subjectHash = 'a'.repeat(64);
const approvalId = '1c9a4f2e-77aa-5b11-9c0d-abcdefabcdef';

function request(policy: Partial<ApprovalPolicy> = {}) {
  return {
    workflowId: '0e3f6f0a-1b2c-5d3e-8f40-123456789abc',
    template: 'trade_approval',
    sequence: 1,
    from: 'pending',
    to: 'approved',
    event: 'approve',
    trigger: 'manual' as const,
    approvalId,
    requester: 'alice',
    editors: ['ed'],
    policy: { level: 'DUAL' as const, approvers: ['group:approvers'], ...policy },
    subject: { tradeId: 'T-1' },
    subjectHash,
  };
}

const requested = (policy?: Partial<ApprovalPolicy>): readonly ApprovalEvent[] =>
  requestApproval({ exists: false }, request(policy));

const person = (id: string, more: Partial<Actor> = {}): Actor => ({
  id,
  roles: [],
  groups: ['approvers'],
  authMethod: 'bearer',
  ...more,
});

const vote = (actor: Actor, action: 'approve' | 'reject' = 'approve', hash = subjectHash) => {
  const decisionId = '9d1b0c1f-6b6d-5a11-8d8e-3f0f7c626a3c';
  return (state: ApprovalState) =>
    decideApproval(state, { decisionId, action, reason: 'because', subjectHash: hash }, actor);
};

const history = (...steps: ((state: ApprovalState) => readonly ApprovalEvent[])[]) =>
  steps.reduce<ApprovalEvent[]>(
    (events, step) => [...events, ...step(fold(approvalAggregate, events))],
    [...requested()],
  );

const types = (events: readonly ApprovalEvent[]) => events.map(({ type }) => type);

describe('an approval', () => {
  it('of level DUAL takes two different people', () => {
    const first = given(approvalAggregate, ...requested()).when(vote(person('erin')));
    expect(types(first.events)).toEqual(['approval.decision-recorded']);
    const second = given(approvalAggregate, ...history(vote(person('erin')))).when(
      vote(person('frank')),
    );
    expect(types(second.events)).toEqual(['approval.decision-recorded', 'approval.granted']);
    expect(second.events[1]?.data).toMatchObject({ approvers: ['erin', 'frank'], level: 'DUAL' });
  });

  it('is rejected by one rejection, also after an approval', () => {
    const events = history(vote(person('erin')), vote(person('frank'), 'reject'));
    expect(types(events).at(-1)).toBe('approval.rejected');
  });

  it('of level AUTO is granted at once, and says that nobody looked', () => {
    const events = requested({ level: 'AUTO', approvers: [] });
    expect(types(events)).toEqual(['approval.requested', 'approval.granted']);
    expect(events[1]?.data).toMatchObject({ approvers: [], level: 'AUTO' });
  });

  it('of level COMMITTEE takes its quorum', () => {
    let events = [...requested({ level: 'COMMITTEE', quorum: 3 })];
    for (const id of ['a', 'b', 'c']) {
      expect(fold(approvalAggregate, events)).toMatchObject({ status: 'PENDING' });
      events = [...events, ...vote(person(id))(fold(approvalAggregate, events))];
    }
    expect(fold(approvalAggregate, events)).toMatchObject({ status: 'APPROVED' });
  });

  it.each([
    ['approval.requester-may-not-decide', person('alice'), subjectHash],
    ['approval.requester-may-not-decide', person('bob', { onBehalfOf: 'alice' }), subjectHash],
    ['approval.editor-may-not-decide', person('ed'), subjectHash],
    ['approval.not-eligible', person('mallory', { groups: ['others'] }), subjectHash],
    ['approval.subject-mismatch', person('erin'), 'b'.repeat(64)],
    ['approval.not-a-person', person('system:workflow', { authMethod: 'service' }), subjectHash],
  ])('refuses with %s', (code, actor, hash) => {
    const state = fold(approvalAggregate, requested());
    expect(codeOf(() => vote(actor, 'approve', hash)(state))).toBe(code);
    expect(codeOf(() => vote(actor, 'reject', hash)(state))).toBe(code);
  });

  it('counts a person once', () => {
    const state = fold(approvalAggregate, history(vote(person('erin'))));
    expect(codeOf(() => vote(person('erin'))(state))).toBe('approval.already-decided');
  });

  it('takes only those whom the template names as well, where an override names others', () => {
    const policy = { approvers: ['erin', 'mallory'], within: ['group:approvers'] };
    const state = fold(approvalAggregate, requested(policy));
    const outsider = person('mallory', { groups: [] });
    expect(codeOf(() => vote(outsider)(state))).toBe('approval.not-eligible');
    expect(codeOf(() => vote(person('frank'))(state))).toBe('approval.not-eligible');
    expect(vote(person('erin'))(state)).toHaveLength(1);
  });

  it('records by which rule somebody was eligible', () => {
    const policy = { approvers: ['dave', 'role:risk', 'group:approvers'] };
    const by = (actor: Actor) =>
      given(approvalAggregate, ...requested(policy)).when(vote(actor)).events[0]?.data;
    expect(by(person('dave'))).toMatchObject({ qualifiedBy: 'dave' });
    expect(by(person('x', { roles: ['risk'] }))).toMatchObject({ qualifiedBy: 'role:risk' });
    expect(by(person('y'))).toMatchObject({ qualifiedBy: 'group:approvers' });
  });

  it('is withdrawn once, and only while it is open', () => {
    const open = fold(approvalAggregate, requested());
    expect(types(withdrawApproval(open, 'cancelled'))).toEqual(['approval.withdrawn']);
    const closed = fold(approvalAggregate, history(vote(person('erin'), 'reject')));
    expect(withdrawApproval(closed, 'cancelled')).toEqual([]);
    expect(withdrawApproval({ exists: false }, 'cancelled')).toEqual([]);
  });

  it('whoever votes what in whatever order: one outcome at most, by the rules', () => {
    const people = fc.constantFrom('alice', 'erin', 'frank', 'grace', 'mallory');
    const votes = fc.array(
      fc.tuple(people, fc.constantFrom('approve' as const, 'reject' as const)),
      {
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(votes, fc.constantFrom('SINGLE' as const, 'DUAL' as const), (cast, level) => {
        let events = [...requested({ level })];
        for (const [id, action] of cast) {
          const actor = person(id, id === 'mallory' ? { groups: [] } : {});
          try {
            events = [...events, ...vote(actor, action)(fold(approvalAggregate, events))];
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
          }
        }
        const outcomes = events.filter(({ type }) => /granted|rejected/.test(type));
        expect(outcomes.length).toBeLessThanOrEqual(1);
        const [outcome] = outcomes;
        if (outcome?.type !== 'approval.granted') return;
        const { approvers } = outcome.data;
        expect(new Set(approvers).size).toBe(level === 'DUAL' ? 2 : 1);
        expect(approvers).not.toContain('alice');
        expect(approvers).not.toContain('mallory');
      }),
    );
  });
});
