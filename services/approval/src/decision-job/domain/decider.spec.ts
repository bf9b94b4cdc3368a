import { type Actor, fold, systemActor } from '@countersign/kernel';
import { codeOf } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import { createDecisionJob, recordResults } from './decider.js';
import { decisionJobAggregate, remainingItems } from './state.js';

const JOB = '5c9a4f2e-77aa-5b11-9c0d-abcdefabcdef';
const [ONE, TWO] = ['1c9a4f2e-77aa-5b11-9c0d-abcdefabcdef', '2c9a4f2e-77aa-5b11-9c0d-abcdefabcdef'];
const subjectHash = 'a'.repeat(64);
const erin: Actor = { id: 'erin', roles: ['x'], groups: [], authMethod: 'bearer' };
const none = decisionJobAggregate.initialState;

const wanted = (ids: readonly string[], confirmation = `approve ${ids.length}`) => ({
  action: 'approve' as const,
  reason: 'all fine',
  items: ids.map((approvalId) => ({ approvalId, subjectHash })),
  confirmation,
});
const created = () => [...createDecisionJob(none, JOB, wanted([ONE, TWO]), erin)];
const stateAfter = (events: ReturnType<typeof created>) => fold(decisionJobAggregate, events);

describe('a job of many decisions', () => {
  it.each<[string, ReturnType<typeof wanted>, Actor]>([
    ['decision-job.not-confirmed', wanted([ONE, TWO], 'approve 3'), erin],
    ['decision-job.not-confirmed', wanted([ONE, TWO], 'reject 2'), erin],
    ['decision-job.not-confirmed', wanted([ONE, TWO], 'approve 2 '), erin],
    ['decision-job.twice', wanted([ONE, TWO, ONE]), erin],
    ['approval.not-a-person', wanted([ONE]), systemActor('x')],
  ])('is refused with %s', (code, body, actor) => {
    expect(codeOf(() => createDecisionJob(none, JOB, body, actor))).toBe(code);
  });

  it('freezes its list, and who asked as they were then', () => {
    expect(created()).toMatchObject([
      { data: { requester: 'erin', identity: { roles: ['x'], authMethod: 'bearer' } } },
    ]);
    expect(createDecisionJob(stateAfter(created()), JOB, wanted([ONE]), erin)).toEqual([]);
  });

  it('records each result once, and ends with the last', () => {
    const events = created();
    const decided = { approvalId: ONE, result: 'decided' } as const;
    events.push(...recordResults(stateAfter(events), [decided]));
    const state = stateAfter(events);
    expect(state.exists && remainingItems(state).map(({ approvalId }) => approvalId)).toEqual([
      TWO,
    ]);
    const code = 'approval.not-open';
    const refused = { approvalId: TWO, result: 'refused', code, message: 'over' } as const;
    const last = recordResults(state, [decided, refused]);
    expect(last).toMatchObject([
      { type: 'decisionjob.items-processed', data: { results: [refused] } },
      { type: 'decisionjob.ended', data: { decided: 1, refused: 1 } },
    ]);
    expect(recordResults(stateAfter([...events, ...last]), [refused])).toEqual([]);
  });
});
