import type { WorkflowEvent } from '@countersign/contracts';
import { type Actor, fold, systemActor } from '@countersign/kernel';
import { compileDefinition, Organisation, parseDefinition } from '@countersign/state-machine';
import { codeOf, given } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import { renamed } from '../../../test/renamed.js';
import {
  activateWorkflow,
  applyOutcome,
  cancelWorkflow,
  failWorkflow,
  pauseWorkflow,
  resumeWorkflow,
  retryWorkflow,
  startWorkflow,
  transitionWorkflow,
} from './decider.js';
import { timersFailed } from './incidents.js';
import { workflowAggregate, type WorkflowState } from './state.js';

const definition = compileDefinition(
  parseDefinition({
    name: 'review',
    initial: 'new',
    states: [
      { name: 'new' },
      { name: 'checked' },
      { name: 'signed' },
      { name: 'done', final: 'completed' },
      { name: 'refused', final: 'completed' },
      { name: 'broken', final: 'failed' },
    ],
    transitions: [
      { event: 'check', from: 'new', to: 'checked', condition: 'context.amount < 1000' },
      { event: 'check', from: 'new', to: 'broken', condition: 'context.amount >= 1000000' },
      { event: 'audit', from: 'new', to: 'checked', roles: ['auditor'] },
      {
        event: 'sign',
        from: 'checked',
        to: 'signed',
        requiresApproval: { level: 'SINGLE', approvers: ['erin'] },
      },
      {
        event: 'close',
        from: 'checked',
        to: 'done',
        requiresApproval: { level: 'SINGLE', approvers: ['erin'], onRejected: 'refused' },
      },
      { event: 'file', from: 'signed', to: 'done', trigger: 'automatic' },
    ],
  }),
);

const cause = {
  requester: 'alice',
  now: new Date('2026-01-02T03:04:05.678Z'),
  organisation: new Organisation({ people: [] }),
};

const actor: Actor = { id: 'alice', roles: ['trader'], groups: [], authMethod: 'bearer' };

const start = (context: Record<string, number | string> = { amount: 5 }, draft = false) =>
  startWorkflow(
    { kind: 'none' },
    {
      workflowId: '0e3f6f0a-1b2c-5d3e-8f40-123456789abc',
      template: 'review',
      templateVersion: 1,
      definitionHash: 'a'.repeat(64),
      state: 'new',
      context,
      draft,
      startedBy: 'alice',
    },
    definition,
    cause,
  );

const fire =
  (event: string, by: Actor = actor) =>
  (state: WorkflowState) =>
    transitionWorkflow(state, { event, reason: 'because' }, definition, by, cause);

type Step = (state: WorkflowState) => readonly WorkflowEvent[];
const after = (...steps: Step[]): WorkflowEvent[] =>
  steps.reduce<WorkflowEvent[]>(
    (events, step) => [...events, ...step(fold(workflowAggregate, events))],
    [...start()],
  );

const settle =
  (outcome: 'granted' | 'rejected'): Step =>
  (state) => {
    const approvalId = state.kind === 'existing' ? (state.pending?.approvalId ?? '') : '';
    return applyOutcome(state, { approvalId, outcome, reason: 'no' }, definition, cause);
  };

const types = (events: readonly WorkflowEvent[]) => events.map(({ type }) => type);
const stateOf = (events: readonly WorkflowEvent[]) => fold(workflowAggregate, events);

describe('a workflow', () => {
  it('moves on a manual transition whose condition holds', () => {
    const { events, state } = given(workflowAggregate, ...start()).when(fire('check'));
    expect(types(events)).toEqual(['workflow.transitioned']);
    expect(state).toMatchObject({ state: 'checked', status: 'ACTIVE', sequence: 1 });
  });

  it.each([
    ['workflow.no-such-transition', 'sign', { amount: 5 }],
    ['workflow.condition-not-met', 'check', { amount: 5000 }],
    ['workflow.condition-failed', 'check', { amount: 'many' }],
    ['workflow.role-missing', 'audit', { amount: 5 }],
  ])('refuses with %s', (code, event, context) => {
    expect(codeOf(() => fire(event)(stateOf(start(context))))).toBe(code);
  });

  it('ends as failed in a state that stands for failure', () => {
    const { state } = given(workflowAggregate, ...start({ amount: 2_000_000 })).when(fire('check'));
    expect(state).toMatchObject({ status: 'FAILED', state: 'broken' });
  });

  it('asks for an approval, waits, and goes on automatically once it is granted', () => {
    const waiting = after(fire('check'), fire('sign'));
    expect(waiting.at(-1)).toMatchObject({
      type: 'workflow.transition-requested',
      data: { requester: 'alice', editors: ['alice'], subject: { context: { amount: 5 } } },
    });
    expect(codeOf(() => fire('close')(stateOf(waiting)))).toBe('workflow.approval-pending');
    const { events, state } = given(workflowAggregate, ...waiting).when(settle('granted'));
    expect(types(events)).toEqual([
      'workflow.transitioned',
      'workflow.transitioned',
      'workflow.completed',
    ]);
    expect(state).toMatchObject({ status: 'COMPLETED', state: 'done', sequence: 3 });
  });

  it('goes where a rejection leads, or stays', () => {
    const led = stateOf(after(fire('check'), fire('close'), settle('rejected')));
    expect(led).toMatchObject({ status: 'COMPLETED', state: 'refused' });
    const stayed = stateOf(after(fire('check'), fire('sign'), settle('rejected')));
    expect(stayed).toMatchObject({ status: 'ACTIVE', state: 'checked' });
    expect(stayed).not.toHaveProperty('pending.approvalId');
    // Asking again is a new approval.
    const again = after(fire('check'), fire('sign'), settle('rejected'), fire('sign'));
    const ids = again.flatMap((event) =>
      event.type === 'workflow.transition-requested' ? [event.data.approvalId] : [],
    );
    expect(new Set(ids).size).toBe(2);
  });

  it('ignores an outcome that is stale or comes twice', () => {
    const done = after(fire('check'), fire('close'), settle('granted'));
    const requested = done.find(({ type }) => type === 'workflow.transition-requested');
    const { approvalId = '' } = requested?.data as { approvalId?: string };
    expect(
      applyOutcome(stateOf(done), { approvalId, outcome: 'rejected' }, definition, cause),
    ).toEqual([]);
  });

  it('under pause refuses to move, keeps the outcome, and applies it on resuming', () => {
    const pause: Step = (state) => pauseWorkflow(state, 'holiday', definition, actor, cause);
    const paused = after(fire('check'), fire('close'), pause);
    expect(codeOf(() => fire('check')(stateOf(paused)))).toBe('workflow.not-active');
    const deferred = [...paused, ...settle('granted')(stateOf(paused))];
    expect(stateOf(deferred)).toMatchObject({ status: 'PAUSED', state: 'checked' });
    expect(settle('rejected')(stateOf(deferred))).toEqual([]);
    const { state } = given(workflowAggregate, ...deferred).when((current) =>
      resumeWorkflow(current, 'back', definition, actor, cause),
    );
    expect(state).toMatchObject({ status: 'COMPLETED', state: 'done' });
  });

  it('is a draft until it is activated', () => {
    const draft = stateOf(start({ amount: 5 }, true));
    expect(codeOf(() => fire('check')(draft))).toBe('workflow.not-active');
    expect(types(activateWorkflow(draft, definition, actor, cause))).toEqual([
      'workflow.activated',
    ]);
    expect(codeOf(() => activateWorkflow(stateOf(start()), definition, actor, cause))).toBe(
      'workflow.not-a-draft',
    );
  });

  it('is cancelled with the approval that was open, and only once', () => {
    const { events, state } = given(workflowAggregate, ...after(fire('check'), fire('sign'))).when(
      (current) => cancelWorkflow(current, 'entered twice', definition, actor, cause),
    );
    expect(events[0]?.data).toHaveProperty('approvalId');
    expect(codeOf(() => cancelWorkflow(state, 'again', definition, actor, cause))).toBe(
      'workflow.ended',
    );
  });

  it('is activated, paused, resumed, retried and ended by its starter, administrators and those it names', () => {
    const operated = compileDefinition({
      ...definition.definition,
      operators: ['role:desk-head'],
      administrators: ['dave'],
    });
    const begun = stateOf(start());
    const paused = stateOf([
      ...start(),
      ...pauseWorkflow(begun, 'holiday', operated, actor, cause),
    ]);
    const draft = stateOf(start({ amount: 5 }, true));
    const stuck = stateOf([...start(), ...timersFailed(begun, 'no answer', cause.now)]);
    const all = (by: Actor) => [
      codeOf(() => activateWorkflow(draft, operated, by, cause)),
      codeOf(() => retryWorkflow(stuck, operated, by, cause)),
      codeOf(() => pauseWorkflow(begun, 'no', operated, by, cause)),
      codeOf(() => resumeWorkflow(paused, 'no', operated, by, cause)),
      codeOf(() => cancelWorkflow(begun, 'no', operated, by, cause)),
      codeOf(() => failWorkflow(begun, 'no', operated, by, cause)),
    ];
    const bob = { ...actor, id: 'bob' };
    expect(new Set(all(bob))).toEqual(new Set(['workflow.operators-only']));
    for (const by of [
      actor,
      { ...bob, groups: ['workflow-admins'] },
      { ...bob, roles: ['desk-head'] },
      { ...bob, id: 'dave' },
      systemActor('workflow'),
    ]) {
      expect(new Set(all(by))).toEqual(new Set([undefined]));
    }
  });

  it('is still their starter’s and those people’s whom it names when these were renamed', () => {
    const operated = compileDefinition({ ...definition.definition, operators: ['bob'] });
    const organisation = renamed({ alice: 'alice9', bob: 'bob9', kate: 'carol' });
    const pausedBy = (id: string) =>
      codeOf(() =>
        pauseWorkflow(
          stateOf(start()),
          'no',
          operated,
          { ...actor, id },
          { ...cause, organisation },
        ),
      );
    expect(['alice', 'alice9', 'bob', 'bob9'].map(pausedBy)).toEqual(Array(4).fill(undefined));
    expect(['carol', 'kate'].map(pausedBy)).toEqual(Array(2).fill('workflow.operators-only'));
  });

  it('stops with an incident where an automatic condition cannot be evaluated', () => {
    const broken = compileDefinition(
      parseDefinition({
        name: 'broken',
        initial: 'a',
        states: [{ name: 'a' }, { name: 'b', final: 'completed' }],
        transitions: [
          { event: 'go', from: 'a', to: 'b', trigger: 'automatic', condition: 'context.nope > 1' },
        ],
      }),
    );
    const [started] = start();
    const data = { ...(started?.data as Parameters<typeof startWorkflow>[1]), state: 'a' };
    const events = startWorkflow({ kind: 'none' }, data, broken, cause);
    expect(types(events)).toEqual(['workflow.started', 'workflow.incident-raised']);
    expect(events[1]?.data).toMatchObject({ code: 'workflow.condition-failed', state: 'a' });
  });

  it('stops with an incident when automatic transitions never come to rest', () => {
    const loop = compileDefinition(
      parseDefinition({
        name: 'loop',
        initial: 'a',
        states: [{ name: 'a' }, { name: 'b' }],
        transitions: [
          { event: 'there', from: 'a', to: 'b', trigger: 'automatic' },
          { event: 'back', from: 'b', to: 'a', trigger: 'automatic' },
        ],
      }),
    );
    const [started] = start();
    const data = { ...(started?.data as Parameters<typeof startWorkflow>[1]), state: 'a' };
    const events = startWorkflow({ kind: 'none' }, data, loop, cause);
    expect(events.at(-1)?.data).toMatchObject({ code: 'workflow.does-not-settle' });
  });
});
