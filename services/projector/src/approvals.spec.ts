import type { ApprovalEvent, DecisionJobEvent } from '@countersign/contracts';
import { derivedId, type StoredEvent, streamName } from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  approval,
  approvalId,
  approvalStream,
  AT,
  HASH,
  requested,
  sealed,
  vote,
} from '../test/approval-events.js';
import { approvalHistory, outcomes, staged } from '../test/approval-histories.js';
import { keysToLoad, projectBatch } from './batch.js';
import { projections } from './projections/index.js';
import type { AnyRow, RowOf, TableName } from './projections/projection.js';

const folded = new Set(projections.filter(({ folds }) => folds).map(({ table }) => table));

/** Tables in memory. A batch sees of them what it says that it needs. */
class Tables {
  readonly #rows = new Map<TableName, Map<string, AnyRow>>();

  apply(events: readonly StoredEvent[]): void {
    const wanted = keysToLoad(events);
    const present = (table: TableName, key: string) =>
      folded.has(table) && wanted.get(table)?.has(key)
        ? this.#rows.get(table)?.get(key)
        : undefined;
    const { changes, newlyParked } = projectBatch(events, present, new Set());
    expect([...newlyParked]).toEqual([]);
    for (const [table, rows] of changes) {
      this.#rows.set(table, new Map([...(this.#rows.get(table) ?? []), ...rows]));
    }
  }

  rows<Table extends TableName>(table: Table): RowOf<Table>[] {
    return [...(this.#rows.get(table)?.values() ?? [])] as unknown as RowOf<Table>[];
  }

  get all() {
    return new Map([...this.#rows].map(([table, rows]) => [table, new Map([...rows].sort())]));
  }
}

const storedOf = (
  events: readonly (ApprovalEvent | DecisionJobEvent)[],
  stream = approvalStream,
): StoredEvent[] =>
  events.map((event, revision) => ({
    ...sealed(event, revision),
    stream,
    revision,
    position: String(revision),
  }));

function tablesAfter(...events: (ApprovalEvent | DecisionJobEvent)[]): Tables {
  const tables = new Tables();
  tables.apply(storedOf(events));
  return tables;
}

const requestAfter = (...events: ApprovalEvent[]) =>
  tablesAfter(staged, ...events).rows('approval_requests')[0];

const stageTwo: ApprovalEvent = {
  type: 'approval.stage-completed',
  data: {
    ...approval,
    stage: 0,
    name: 'desk',
    approvers: ['bob', 'carol'],
    next: { stage: 1, name: 'risk', required: 3, directoryRevision: 7 },
  },
};
const escalated = (stage: number): ApprovalEvent => ({
  type: 'approval.escalated',
  data: { ...approval, approvers: ['frank'], stage, tier: 0, cause: 'timeout' },
});
const revoked = (approver: string, stage: number, voided: string[]): ApprovalEvent => ({
  type: 'approval.decision-revoked',
  data: {
    ...approval,
    ...{ decisionId: derivedId('decision', approver), approver, reason: 'a slip', stage, voided },
  },
});

describe('an approval in the read tables', () => {
  it('says who is asked now, and how the open stage stands', () => {
    expect(requestAfter(escalated(0), vote('bob', { stage: 0 }))).toMatchObject({
      status: 'IN_PROGRESS',
      stage: 0,
      stage_name: 'desk',
      required: 2,
      given: 1,
      approvers: ['group:desk', 'bob'],
      within: [['group:staff']],
      escalated: ['frank'],
      voters: ['bob'],
      excluded: ['alice', 'ed'],
      stages: [
        { name: 'desk', level: 'DUAL', status: 'OPEN', required: 2, given: 1 },
        { name: 'risk', level: 'COMMITTEE', status: 'WAITING', required: null, given: 0 },
      ],
      escalations: [{ stage: 0, tier: 0, cause: 'timeout', by: null, at: AT }],
    });
  });

  it('keeps those out who decided an earlier stage, for themselves or not', () => {
    const votes = [vote('bob', { stage: 0, onBehalfOf: 'dave' }), vote('carol', { stage: 0 })];
    expect(requestAfter(escalated(0), ...votes, stageTwo)).toMatchObject({
      stage: 1,
      stage_name: 'risk',
      required: 3,
      given: 0,
      approvers: ['role:risk'],
      escalated: [],
      voters: ['bob', 'dave', 'carol'],
      excluded: ['alice', 'ed', 'bob', 'dave', 'carol'],
      stages: [
        { status: 'COMPLETE', given: 2 },
        { status: 'OPEN', required: 3 },
      ],
    });
  });

  it('goes back to the stage of a decision that was revoked, without those after it', () => {
    const tables = tablesAfter(
      staged,
      vote('bob', { stage: 0 }),
      vote('carol', { stage: 0 }),
      stageTwo,
      vote('erin', { stage: 1 }),
      revoked('bob', 0, [derivedId('decision', 'erin')]),
    );
    expect(tables.rows('approval_requests')[0]).toMatchObject({
      status: 'IN_PROGRESS',
      stage: 0,
      given: 1,
      voters: ['carol'],
      excluded: ['alice', 'ed'],
    });
    const standing = tables
      .rows('approval_decisions')
      .map(({ approver, status, void_at }) => [approver, status, void_at]);
    expect(standing).toEqual([
      ['bob', 'REVOKED', AT],
      ['carol', 'COUNTED', null],
      ['erin', 'VOID', AT],
    ]);
  });

  it('is about what is asked now, and has no decisions after a material change', () => {
    const voided = [derivedId('decision', 'bob')];
    const change = (material: boolean): ApprovalEvent => ({
      type: 'approval.subject-changed',
      data: {
        ...approval,
        ...{ changedBy: 'alice', subject: { a: 2 }, subjectHash: 'c'.repeat(64) },
        ...{ previousHash: HASH, changed: ['/a'], material },
        ...(material ? { voided, required: 2 } : { voided: [] }),
      },
    });
    const bob = vote('bob', { stage: 0 });
    expect(requestAfter(bob, change(false))).toMatchObject({ given: 1, subject: { a: 2 } });
    expect(requestAfter(bob, change(true))).toMatchObject({
      status: 'PENDING',
      given: 0,
      required: 2,
      voters: [],
      subject: { a: 2 },
      subject_hash: 'c'.repeat(64),
    });
  });

  it('knows what happens next by itself, unless its workflow is paused', () => {
    const frozen: ApprovalEvent = {
      type: 'approval.deadlines-frozen',
      data: { ...approval, remaining: { reminders: [], escalations: [] } },
    };
    const resumed: ApprovalEvent = {
      type: 'approval.deadlines-resumed',
      data: { ...approval, deadlines: { expiresAt: '2026-02-01T00:00:00.000Z' } },
    };
    expect(requestAfter()).toMatchObject({ due_at: '2026-01-03T01:00:00.000Z', frozen: false });
    expect(requestAfter(frozen)).toMatchObject({ due_at: null, frozen: true });
    expect(requestAfter(frozen, resumed)).toMatchObject({
      due_at: '2026-02-01T00:00:00.000Z',
      frozen: false,
    });
    expect(requestAfter(...outcomes.grant)).toMatchObject({ due_at: null, status: 'APPROVED' });
  });

  it.each([
    ['grant', 'APPROVED', null, null],
    ['reject', 'REJECTED', 'carol', 'too large'],
    ['time-out', 'TIMED_OUT', null, 'expired: reject'],
    ['withdraw', 'WITHDRAWN', 'alice', 'wrong'],
    ['cancel', 'CANCELLED', null, 'it moved on'],
  ] as const)('ends: %s', (outcome, status, ended_by, end_reason) => {
    const end = { status, ended_by, end_reason, ended_at: AT };
    expect(requestAfter(...outcomes[outcome])).toMatchObject(end);
  });

  it('has a review after an emergency override, which somebody closes', () => {
    const [overridden, granted, closed] = outcomes.override;
    if (!overridden || !granted || !closed) throw new Error('three events');
    const open = { status: 'APPROVED', overridden_by: 'grace', review: 'OPEN' };
    expect(requestAfter(overridden, granted)).toMatchObject(open);
    expect(requestAfter(overridden, granted)?.stages.map(({ status }) => status)).toEqual(
      expect.arrayContaining(['OVERRIDDEN']),
    );
    expect(requestAfter(overridden, granted, closed)?.review).toBe('CLOSED');
  });

  it('may be ad hoc and of no template', () => {
    const { template: _none, ...data } = requested.data as Extract<
      ApprovalEvent,
      { type: 'approval.requested' }
    >['data'];
    const tables = tablesAfter({
      ...requested,
      data: { ...data, adHoc: true, reason: 'please' },
    } as ApprovalEvent);
    const expected = { template: null, ad_hoc: true, reason: 'please', level: 'COMMITTEE' };
    expect(tables.rows('approval_requests')[0]).toMatchObject(expected);
  });

  it('raises and resolves incidents, the same one when it comes back', () => {
    const data = { ...approval, code: 'approval.quorum-unreachable' };
    const raised: ApprovalEvent = {
      type: 'approval.incident-raised',
      data: { ...data, message: 'nobody is left' },
    };
    const resolved: ApprovalEvent = {
      type: 'approval.incident-resolved',
      data: { ...data, resolution: 'two are' },
    };
    const open = { code: data.code, message: 'nobody is left' };
    const incidentsAfter = (...events: ApprovalEvent[]) =>
      tablesAfter(staged, ...events).rows('incidents');
    expect(requestAfter(raised)?.incidents).toEqual([open]);
    expect(requestAfter(raised, resolved)?.incidents).toEqual([]);
    expect(incidentsAfter(raised)).toMatchObject([
      { ...open, kind: 'approval', status: 'OPEN', source: { approvalId }, resolution: null },
    ]);
    const resolution = { resolution: 'two are' };
    expect(incidentsAfter(raised, resolved)).toMatchObject([
      { ...open, status: 'RESOLVED', resolved_at: AT, resolution },
    ]);
    expect(incidentsAfter(raised, resolved, raised)).toMatchObject([{ status: 'OPEN' }]);
  });

  it('is logged step by step, without repeating what is asked', () => {
    const tables = tablesAfter(staged, vote('bob', { subject: { a: 1 } }), ...outcomes.withdraw);
    const log = tables.rows('approval_log');
    expect(log.map(({ revision, kind }) => [revision, kind])).toEqual([
      [0, 'requested'],
      [1, 'decision-recorded'],
      [2, 'withdrawn'],
    ]);
    expect(log[0]?.data).toMatchObject({ subject: { a: 1 }, required: 2 });
    expect(log[1]?.data).not.toHaveProperty('subject');
    expect(log[2]).toMatchObject({ data: { reason: 'wrong', withdrawnBy: 'alice' }, at: AT });
  });
});

describe('a history in whichever batches', () => {
  it('leads to the same rows, in which counted decisions are those of the approval', () => {
    fc.assert(
      fc.property(approvalHistory, fc.array(fc.nat(6), { maxLength: 40 }), (history, cuts) => {
        const stored = storedOf(history);
        const whole = new Tables();
        whole.apply(stored);
        const cut = new Tables();
        for (let from = 0, n = 0; from < stored.length; n++) {
          const size = 1 + (cuts[n] ?? 0);
          cut.apply(stored.slice(from, from + size));
          from += size;
        }
        expect(cut.all).toEqual(whole.all);

        const [row] = whole.rows('approval_requests');
        const counted = whole
          .rows('approval_decisions')
          .filter((each) => each.status === 'COUNTED');
        const behind = counted.flatMap(({ approver, on_behalf_of }) => [approver, on_behalf_of]);
        const given = counted.filter((c) => c.stage === row?.stage && c.action === 'approve');
        expect(new Set(row?.voters)).toEqual(new Set(behind.filter((each) => each !== null)));
        expect(row?.votes.map(({ decisionId }) => decisionId)).toEqual(
          counted.map(({ decision_id }) => decision_id),
        );
        expect(row?.given).toBe(given.length);
        expect(whole.rows('approval_log')).toHaveLength(history.length);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a job of many decisions', () => {
  it('counts what became of each', () => {
    const jobId = derivedId('job');
    const other = derivedId('other');
    const refusal = { code: 'approval.not-open', message: 'too late' };
    const events: DecisionJobEvent[] = [
      {
        type: 'decisionjob.created',
        data: {
          jobId,
          requester: 'bob',
          identity: { roles: [], groups: [], authMethod: 'test' },
          action: 'approve',
          reason: 'all fine',
          items: [approvalId, other].map((id) => ({ approvalId: id, subjectHash: HASH })),
        },
      },
      {
        type: 'decisionjob.items-processed',
        data: {
          jobId,
          results: [
            { approvalId, result: 'decided' },
            { approvalId: other, result: 'refused', ...refusal },
          ],
        },
      },
      { type: 'decisionjob.ended', data: { jobId, decided: 1, refused: 1 } },
    ];
    const tables = new Tables();
    const stored = storedOf(events, streamName('decisionjob', jobId));
    tables.apply(stored.slice(0, 1));
    expect(tables.rows('decision_jobs')).toMatchObject([
      { status: 'RUNNING', count: 2, decided: 0 },
    ]);
    expect(tables.rows('decision_job_items').map(({ result }) => result)).toEqual([
      'pending',
      'pending',
    ]);
    tables.apply(stored.slice(1));
    expect(tables.rows('decision_jobs')).toMatchObject([
      { status: 'COMPLETED', decided: 1, refused: 1, ended_at: AT },
    ]);
    expect(tables.rows('decision_job_items')).toMatchObject([
      { approval_id: approvalId, result: 'decided', code: null, processed_at: AT },
      { approval_id: other, result: 'refused', ...refusal },
    ]);
  });
});
