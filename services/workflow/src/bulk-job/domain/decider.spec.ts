import type { BulkJobEvent } from '@countersign/contracts';
import { type Actor, fold, sha256 } from '@countersign/kernel';
import { Organisation } from '@countersign/state-machine';
import { codeOf, given } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { renamed } from '../../../test/renamed.js';
import {
  applyJobApproval,
  type BulkJobRequest,
  createBulkJob,
  finishStopping,
  recordResults,
  stopBulkJob,
} from './decider.js';
import {
  bulkJobAggregate,
  type BulkJobState,
  type ExistingBulkJob,
  type ItemResult,
  remainingItems,
} from './state.js';

const person = (id: string, ...groups: string[]): Actor => ({
  id,
  roles: [],
  groups,
  authMethod: 'bearer',
});
const heidi = person('heidi', 'workflow-admins');
const alice = person('alice');
const nobodyKnown = new Organisation({ people: [] });

const JOB = '5c1f2a3b-4d5e-5f60-8a7b-112233445566';
const APPROVAL = '1c9a4f2e-77aa-5b11-9c0d-abcdefabcdef';
const ids = (count: number) =>
  Array.from({ length: count }, (_, n) => `0e3f6f0a-1b2c-5d3e-8f40-${String(n).padStart(12, '0')}`);

const request = (workflowIds: readonly string[], more: Partial<BulkJobRequest> = {}) => ({
  jobId: JOB,
  action: 'cancel' as const,
  query: { template: 'review' },
  reason: 'the desk has closed',
  expectedCount: workflowIds.length,
  workflowIds,
  ...more,
});

const migration = {
  template: 'review',
  fromVersions: [1],
  templateVersion: 2,
  definitionHash: 'b'.repeat(64),
  states: {},
  approvalId: APPROVAL,
  policy: { level: 'DUAL' as const, approvers: ['group:workflow-admins'] },
  starters: ['bob', 'carol'],
};

const none: BulkJobState = { kind: 'none' };
const types = (events: readonly BulkJobEvent[]) => events.map(({ type }) => type);
const cancelling = (count: number) => createBulkJob(none, request(ids(count)), heidi);
const migrating = (count: number) =>
  createBulkJob(none, request(ids(count), { action: 'migrate', migration }), alice);
const jobOf = (events: readonly BulkJobEvent[]) =>
  fold(bulkJobAggregate, events) as ExistingBulkJob;
const done = (workflowId: string): ItemResult => ({ workflowId, result: 'done' });
const refused = (workflowId: string): ItemResult => ({
  workflowId,
  result: 'refused',
  code: 'workflow.is-draft',
  message: 'x'.repeat(10_000),
});

describe('a bulk job', () => {
  it('freezes its list, sorted, in chunks and under one hash', () => {
    const all = ids(2_001);
    const events = createBulkJob(none, request([...all].reverse()), heidi);
    expect(types(events)).toEqual([
      'bulkjob.created',
      ...Array.from({ length: 3 }, () => 'bulkjob.items-listed'),
    ]);
    expect(jobOf(events)).toMatchObject({
      status: 'RUNNING',
      requestedBy: 'heidi',
      count: 2_001,
      itemsHash: sha256(all.join('\n')),
      workflowIds: all,
    });
  });

  it('is refused when the number has changed, when there are too many, and to those who may not', () => {
    expect(codeOf(() => createBulkJob(none, request(ids(3), { expectedCount: 4 }), heidi))).toBe(
      'bulk-job.count-differs',
    );
    expect(codeOf(() => createBulkJob(none, request(ids(10_001)), heidi))).toBe(
      'bulk-job.too-many',
    );
    expect(codeOf(() => createBulkJob(none, request(ids(3)), alice))).toBe('bulk-job.admins-only');
    const retry = request(ids(3), { action: 'retry' });
    expect(codeOf(() => createBulkJob(none, retry, alice))).toBe('bulk-job.admins-only');
  });

  it('asks for one approval of a migration, whose subject names all that it is about', () => {
    const events = migrating(2);
    expect(types(events).at(-1)).toBe('bulkjob.approval-requested');
    expect(events.at(-1)?.data).toMatchObject({
      approvalId: APPROVAL,
      requester: 'alice',
      editors: ['bob', 'carol'],
      policy: { level: 'DUAL' },
      subject: {
        template: 'review',
        from: { versions: [1] },
        to: { version: 2 },
        count: 2,
        workflows: sha256(ids(2).join('\n')),
        reason: 'the desk has closed',
      },
    });
    expect(jobOf(events).status).toBe('AWAITING_APPROVAL');
  });

  it('begins when it is granted, ends when it is rejected, and hears no other outcome', () => {
    const granted = { approvalId: APPROVAL, granted: true, approvers: ['bob', 'carol'] };
    const asked = given(bulkJobAggregate, ...migrating(2));
    expect(asked.when((job) => applyJobApproval(job, granted)).state).toMatchObject({
      status: 'RUNNING',
    });
    const no = { approvalId: APPROVAL, granted: false, reason: 'not now' };
    const rejected = asked.when((job) => applyJobApproval(job, no));
    expect(rejected.events).toEqual([
      { type: 'bulkjob.ended', data: { jobId: JOB, outcome: 'rejected', reason: 'not now' } },
    ]);
    expect(applyJobApproval(rejected.state, granted)).toEqual([]);
    const other = { ...granted, approvalId: JOB };
    expect(asked.when((job) => applyJobApproval(job, other)).events).toEqual([]);
  });

  it('completes with its last item', () => {
    const [a = '', b = ''] = ids(2);
    const first = given(bulkJobAggregate, ...cancelling(2)).when((job) =>
      recordResults(job, [refused(a)]),
    );
    expect(first.events[0]?.data).toMatchObject({ counts: { done: 0, skipped: 0, refused: 1 } });
    const last = recordResults(first.state, [done(b)]);
    expect(types(last)).toEqual(['bulkjob.items-processed', 'bulkjob.ended']);
    expect(last[0]?.data).toMatchObject({ counts: { done: 1, skipped: 0, refused: 1 } });
  });

  it('records each item once, what is not on the list never, and done rather than anything else', () => {
    const [a = ''] = ids(1);
    const once = given(bulkJobAggregate, ...cancelling(2)).when((job) =>
      recordResults(job, [refused(a)]),
    ).state;
    expect(recordResults(once, [refused(a), done(JOB)])).toEqual([]);
    const corrected = given(
      bulkJobAggregate,
      ...cancelling(2),
      ...recordResults(jobOf(cancelling(2)), [refused(a)]),
    ).when((job) => recordResults(job, [done(a)]));
    expect(corrected.events[0]?.data).toMatchObject({
      counts: { done: 1, skipped: 0, refused: 0 },
    });
    expect(recordResults(corrected.state, [refused(a)])).toEqual([]);
    expect(recordResults(corrected.state, [done(a)])).toEqual([]);
  });

  it('stops in two steps while it runs, so that what is under way is recorded', () => {
    const [a = ''] = ids(1);
    const stopping = given(bulkJobAggregate, ...cancelling(3)).when((job) =>
      stopBulkJob(job, 'the wrong desk', heidi, nobodyKnown),
    );
    expect(types(stopping.events)).toEqual(['bulkjob.stop-requested']);
    expect(stopBulkJob(stopping.state, 'again', heidi, nobodyKnown)).toEqual([]);
    const recorded = recordResults(stopping.state, [done(a)]);
    expect(types(recorded)).toEqual(['bulkjob.items-processed']);
    const ended = finishStopping(stopping.state);
    expect(ended).toEqual([
      { type: 'bulkjob.ended', data: { jobId: JOB, outcome: 'stopped', reason: 'the wrong desk' } },
    ]);
    const state = fold(bulkJobAggregate, [...recorded, ...ended], stopping.state);
    expect(state).toMatchObject({ status: 'STOPPED', counts: { done: 1 } });
    expect(codeOf(() => stopBulkJob(state, 'again', heidi, nobodyKnown))).toBe('bulk-job.ended');
    expect(finishStopping(state)).toEqual([]);
  });

  it('stops at once while it waits, and lets go of its approval', () => {
    const { events } = given(bulkJobAggregate, ...migrating(2)).when((job) =>
      stopBulkJob(job, 'not needed', alice, nobodyKnown),
    );
    expect(events).toMatchObject([
      { type: 'bulkjob.ended', data: { outcome: 'stopped', approvalId: APPROVAL } },
    ]);
  });

  it('is stopped by whoever asked for it, or by an administrator', () => {
    const job = jobOf(migrating(1));
    expect(codeOf(() => stopBulkJob(job, 'no', person('bob'), nobodyKnown))).toBe(
      'bulk-job.admins-only',
    );
    expect(stopBulkJob(job, 'no', heidi, nobodyKnown)).toHaveLength(1);
    const organisation = renamed({ alice: 'alice9' });
    expect(stopBulkJob(job, 'no', person('alice9'), organisation)).toHaveLength(1);
    expect(codeOf(() => stopBulkJob(none, 'no', heidi, nobodyKnown))).toBe('bulk-job.not-found');
  });

  it('counts right whatever two runners record, in whichever order', () => {
    const items = ids(5);
    const result = fc.constantFrom('done' as const, 'skipped' as const, 'refused' as const);
    const report = fc.array(fc.record({ workflowId: fc.constantFrom(...items), result }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 12 }), (reports) => {
        let state: BulkJobState = jobOf(cancelling(5));
        let ends = 0;
        for (const results of reports) {
          const distinct = [...new Map(results.map((item) => [item.workflowId, item])).values()];
          const events = recordResults(state, distinct);
          ends += events.filter(({ type }) => type === 'bulkjob.ended').length;
          state = fold(bulkJobAggregate, events, state);
        }
        const job = state as ExistingBulkJob;
        for (const each of ['done', 'skipped', 'refused'] as const) {
          const known = [...job.results.values()].filter((one) => one === each).length;
          expect(job.counts[each]).toBe(known);
        }
        expect(ends).toBe(remainingItems(job).length === 0 ? 1 : 0);
      }),
    );
  });
});
