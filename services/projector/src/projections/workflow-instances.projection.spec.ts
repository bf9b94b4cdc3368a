import { TIMERS_FAILED, type WorkflowEvent } from '@countersign/contracts';
import { GENESIS_HASH } from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';

import type { ProjectedEvent, RowOf } from './projection.js';
import { workflowInstances } from './workflow-instances.projection.js';

const identity = { workflowId: '0e3f6f0a-1b2c-5d3e-8f40-123456789abc', template: 'review' };
const dueAt = '2026-01-02T05:04:05.678Z';
const overall = { kind: 'overall', dueAt: '2026-01-09T03:04:05.678Z' } as const;

const started: WorkflowEvent = {
  type: 'workflow.started',
  data: {
    ...identity,
    templateVersion: 1,
    definitionHash: 'a'.repeat(64),
    state: 'open',
    context: {},
    draft: false,
    startedBy: 'alice',
  },
};
const set: WorkflowEvent = {
  type: 'workflow.timers-set',
  data: { ...identity, timers: [{ kind: 'state', dueAt }, overall] },
};
const moved: WorkflowEvent = {
  type: 'workflow.transitioned',
  data: { ...identity, sequence: 1, from: 'open', to: 'late', event: 'force', trigger: 'force' },
};

/** The row after some events. */
function rowAfter(...events: readonly WorkflowEvent[]) {
  type Row = RowOf<'workflow_instances'>;
  return events.reduce<Row | undefined>((row, event, revision) => {
    const metadata = { actor: 'alice', recordedAt: '2026-01-02T03:04:05.678Z' };
    const stored = { ...event, revision, metadata, hash: GENESIS_HASH };
    return workflowInstances.project?.({ event, stored } as unknown as ProjectedEvent, row);
  }, undefined);
}

describe('the row of an instance', () => {
  const frozen = [
    { kind: 'state', remainingMs: 7_200_000 },
    { kind: 'overall', remainingMs: 604_800_000 },
  ] as const;
  const paused: WorkflowEvent = {
    type: 'workflow.paused',
    data: { ...identity, reason: 'holiday', frozen: [...frozen] },
  };
  const resumed: WorkflowEvent = { type: 'workflow.resumed', data: { ...identity, reason: 'on' } };

  it('names who started it, also when another instance had it started', () => {
    const { data } = started as { data: object };
    const invoked = { type: 'workflow.started', data: { ...data, startedBy: 'bob' } };
    expect(rowAfter(invoked as WorkflowEvent)).toMatchObject({ started_by: 'bob' });
  });

  it('shows what it waits for: signals that wait, the workflow that it invoked, its incidents', () => {
    const signalId = '5f0c8a52-0b1e-5d3f-9a77-2c4b6d8e0f13';
    const childId = '6f0c8a52-0b1e-5d3f-9a77-2c4b6d8e0f13';
    const incidentId = '7f0c8a52-0b1e-5d3f-9a77-2c4b6d8e0f13';
    const signal = (name: string, payload: object, sender?: object) =>
      ({
        type: 'workflow.signal-received',
        data: { ...identity, signalId, name, payload, expiresAt: dueAt, sender },
      }) as unknown as WorkflowEvent;
    const secret = signal('papers', { secret: 1 }, { id: 'dave', roles: ['clerk'], groups: [] });
    const sentAt = '2026-01-02T03:04:05.678Z';
    const waiting = rowAfter(started, secret);
    expect(waiting?.signals).toEqual([
      { signalId, name: 'papers', sender: 'dave', sentAt, expiresAt: dueAt },
    ]);
    for (const type of ['workflow.signal-expired', 'workflow.signal-withdrawn'] as const) {
      const gone: WorkflowEvent = { type, data: { ...identity, signalId, name: 'papers' } };
      expect(rowAfter(started, secret, gone)?.signals).toEqual([]);
    }
    const taken = { type: moved.type, data: { ...moved.data, signalId } } as WorkflowEvent;
    expect(rowAfter(started, secret, taken)?.signals).toEqual([]);

    const requested = {
      type: 'workflow.child-requested',
      data: { ...identity, childId, childTemplate: 'check', childContext: {}, requester: 'alice' },
    } as WorkflowEvent;
    const child = { workflowId: childId, template: 'check' };
    expect(rowAfter(started, requested)).toMatchObject({ child });
    const done = signal('workflow.completed', { workflowId: childId });
    expect(rowAfter(started, requested, done)).toMatchObject({
      child: null,
      signals: [{ name: 'workflow.completed', sender: null }],
    });

    const incident = { ...identity, incidentId, code: 'x.y', message: 'no', state: 'open' };
    const raised: WorkflowEvent = { type: 'workflow.incident-raised', data: incident };
    const resolved: WorkflowEvent = { type: 'workflow.incident-resolved', data: incident };
    expect(rowAfter(started, raised)?.incidents).toMatchObject([{ incidentId, code: 'x.y' }]);
    expect(rowAfter(started, raised, resolved)?.incidents).toEqual([]);
  });

  it('says when its next timer is due', () => {
    expect(rowAfter(started, set)).toMatchObject({ due_at: dueAt });
  });

  it('shows under pause what is left of each timer, and of the whole when it is moved', () => {
    expect(rowAfter(started, set, paused)).toMatchObject({
      due_at: null,
      timers: { timers: [], frozen },
    });
    expect(rowAfter(started, set, paused, moved)?.timers).toEqual({
      timers: [],
      frozen: [frozen[1]],
    });
    expect(rowAfter(started, set, paused, resumed)?.timers).toEqual({ timers: [] });
  });

  it('has nothing due while its timers stand still because of an incident', () => {
    const incident = { incidentId: identity.workflowId, code: TIMERS_FAILED, message: '' };
    const data = { ...identity, ...incident, state: 'open' };
    const raised: WorkflowEvent = { type: 'workflow.incident-raised', data };
    const other: WorkflowEvent = { type: 'workflow.incident-raised', data: { ...data, code: 'x' } };
    const resolved: WorkflowEvent = { type: 'workflow.incident-resolved', data };
    expect(rowAfter(started, set, other)).toMatchObject({ due_at: dueAt });
    expect(rowAfter(started, set, raised)).toMatchObject({ due_at: null });
    expect(rowAfter(started, set, raised, resolved)).toEqual(
      expect.objectContaining({
        due_at: dueAt,
        timers: { timers: [{ kind: 'state', dueAt }, overall] },
      }),
    );
    // Moved by hand: its timers are set anew.
    expect(rowAfter(started, set, raised, moved, set)).toMatchObject({ due_at: dueAt });
  });
});
