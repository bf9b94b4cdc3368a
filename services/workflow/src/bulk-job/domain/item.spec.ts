import type { BulkQuery, WorkflowEvent } from '@countersign/contracts';
import { fold, rule, systemActor } from '@countersign/kernel';
import {
  type ApprovalLevel,
  compileDefinition,
  Organisation,
  parseDefinition,
} from '@countersign/state-machine';
import { codeOf } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import { renamed } from '../../../test/renamed.js';
import { cancelWorkflow, pauseWorkflow, startWorkflow } from '../../workflow/domain/decider.js';
import { workflowAggregate, type WorkflowState } from '../../workflow/domain/state.js';
import { changeItem, resultOf } from './item.js';
import type { ExistingBulkJob } from './state.js';

const definitionOf = (...middle: string[]) =>
  compileDefinition(
    parseDefinition({
      name: 'review',
      initial: 'open',
      contextSchema: [{ name: 'book', type: 'string', indexed: true }],
      states: [
        { name: 'open' },
        ...middle.map((name) => ({ name })),
        { name: 'done', final: 'completed' },
      ],
      transitions: ['open', ...middle].map((from) => ({
        event: 'finish',
        from,
        to: 'done',
        ...(from === 'checked'
          ? {}
          : { requiresApproval: { level: 'DUAL', approvers: ['group:desk'] } }),
      })),
      protected: [{ state: 'done', level: 'DUAL' }],
    }),
  );
const first = definitionOf();
const second = definitionOf('checked', 'waiting');
const now = new Date('2026-01-02T03:04:05.678Z');
const cause = {
  requester: 'system:workflow',
  now,
  organisation: new Organisation({ people: [] }),
};
const ID = '0e3f6f0a-1b2c-5d3e-8f40-123456789abc';

const started = startWorkflow(
  { kind: 'none' },
  {
    workflowId: ID,
    template: 'review',
    templateVersion: 1,
    definitionHash: 'a'.repeat(64),
    state: 'open',
    context: { book: 'rates' },
    draft: false,
    startedBy: 'alice',
  },
  first,
  cause,
);
const open = fold(workflowAggregate, started);
const after = (state: WorkflowState, events: readonly WorkflowEvent[]) =>
  fold(workflowAggregate, events, state);

const job = (more: Partial<ExistingBulkJob>): ExistingBulkJob => ({
  kind: 'existing',
  jobId: '5c1f2a3b-4d5e-5f60-8a7b-112233445566',
  action: 'cancel',
  query: {},
  reason: 'the desk has closed',
  requestedBy: 'heidi',
  count: 1,
  itemsHash: 'c'.repeat(64),
  status: 'RUNNING',
  workflowIds: [ID],
  results: new Map(),
  counts: { done: 0, skipped: 0, refused: 0 },
  ...more,
});
const migrating = (
  states: Record<string, string> = {},
  level: ApprovalLevel = 'SINGLE',
  approvers = ['dave', 'erin'],
) =>
  job({
    action: 'migrate',
    migration: {
      template: 'review',
      fromVersions: [1],
      templateVersion: 2,
      definitionHash: 'b'.repeat(64),
      states,
    },
    approval: {
      approvalId: '1c9a4f2e-77aa-5b11-9c0d-abcdefabcdef',
      policy: { level, approvers: ['group:workflow-admins'] },
      approvers: approvers.slice(0, level === 'DUAL' ? 2 : 1),
    },
  });
const change = (of: ExistingBulkJob, state: WorkflowState) =>
  changeItem(of, state, first, { hash: 'b'.repeat(64), compiled: second }, cause);

describe('an item of a bulk job', () => {
  it('is cancelled for the reason of the job', () => {
    expect(change(job({}), open)).toMatchObject([
      { type: 'workflow.cancelled', data: { reason: 'the desk has closed' } },
    ]);
  });

  it.each<[string, BulkQuery]>([
    ['state', { state: 'elsewhere' }],
    ['status', { status: 'PAUSED' }],
    ['a field', { context: { book: 'credit' } }],
  ])('is left alone when its %s is no longer what was asked for', (_, query) => {
    expect(codeOf(() => change(job({ query }), open))).toBe('bulk-job.moved-on');
  });

  it('is found by what it still is', () => {
    const query = { state: 'open', status: 'ACTIVE', context: { book: 'rates' } } as const;
    expect(change(job({ query }), open)).toHaveLength(1);
  });

  it('migrates on the approval of the job, and goes where it is told', () => {
    const events = change(migrating({ open: 'waiting' }), open);
    expect(events).toMatchObject([
      {
        type: 'workflow.migrated',
        data: {
          fromVersion: 1,
          templateVersion: 2,
          approvalId: '1c9a4f2e-77aa-5b11-9c0d-abcdefabcdef',
        },
      },
      {
        type: 'workflow.transitioned',
        data: { from: 'open', to: 'waiting', trigger: 'migration', approvalOutcome: 'granted' },
      },
    ]);
    const migrated = after(open, events);
    expect(codeOf(() => change(migrating(), migrated))).toBe('bulk-job.follows-already');
  });

  it('migrates while it is paused, and stays so', () => {
    const paused = after(open, pauseWorkflow(open, 'wait', first, systemActor('workflow'), cause));
    expect(after(paused, change(migrating(), paused))).toMatchObject({
      status: 'PAUSED',
      templateVersion: 2,
    });
  });

  it('does not migrate to where more people would have to agree than have', () => {
    const around = migrating({ open: 'checked' });
    expect(codeOf(() => change(around, open))).toBe('bulk-job.stronger-approval-needed');
    expect(change(migrating({ open: 'checked' }, 'DUAL'), open)).toHaveLength(2);
  });

  it('does not migrate on the word of those who started or changed it', () => {
    expect(codeOf(() => change(migrating({}, 'SINGLE', ['alice']), open))).toBe(
      'bulk-job.approved-by-editors',
    );
    const around = migrating({ open: 'checked' }, 'DUAL', ['alice', 'dave']);
    expect(codeOf(() => change(around, open))).toBe('bulk-job.approved-by-editors');
    // One of two was enough.
    expect(change(migrating({}, 'DUAL', ['alice', 'dave']), open)).toHaveLength(2);
  });

  it('does not migrate on the word of an editor who was renamed, nor on one person’s twice', () => {
    const organisation = renamed({ alice: 'alice9', dave: 'dave9' });
    const agreedBy = (level: ApprovalLevel, ...approvers: string[]) => {
      const of = migrating(level === 'DUAL' ? { open: 'checked' } : {}, level, approvers);
      const target = { hash: 'b'.repeat(64), compiled: second };
      return codeOf(() => changeItem(of, open, first, target, { ...cause, organisation }));
    };
    expect(agreedBy('SINGLE', 'alice9')).toBe('bulk-job.approved-by-editors');
    expect(agreedBy('DUAL', 'dave', 'dave9')).toBe('bulk-job.approved-by-editors');
    expect(agreedBy('DUAL', 'dave9', 'erin')).toBeUndefined();
  });

  it('does not migrate to a state that is not there', () => {
    expect(codeOf(() => change(migrating({ open: 'nowhere' }), open))).toBe(
      'workflow.migration-impossible',
    );
  });

  it('is skipped when there is nothing to do any more, else refused', () => {
    const ended = after(open, cancelWorkflow(open, 'no', first, systemActor('workflow'), cause));
    expect(codeOf(() => change(job({}), ended))).toBe('workflow.ended');
    expect(codeOf(() => change(job({ action: 'retry' }), open))).toBe('workflow.no-incident');
    expect(resultOf(ID, rule('workflow.ended', 'it has'))).toMatchObject({ result: 'skipped' });
    expect(resultOf(ID, rule('workflow.is-draft', 'it is'))).toEqual({
      workflowId: ID,
      result: 'refused',
      code: 'workflow.is-draft',
      message: 'it is',
    });
  });
});
