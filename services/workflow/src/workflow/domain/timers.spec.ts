import { TIMERS_FAILED } from '@countersign/contracts';
import type { WorkflowDefinitionInput } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';

import { TestInstance } from '../../../test/test-instance.js';
import { timersFailed } from './incidents.js';

const HOUR = 3_600_000;

const definition: WorkflowDefinitionInput = {
  name: 'review',
  initial: 'waiting',
  states: [
    { name: 'waiting', timeout: { after: 'P1D', to: 'late' } },
    { name: 'reminded', timeout: { after: 'PT2H', to: 'late' } },
    { name: 'late' },
    { name: 'done', final: 'completed' },
    { name: 'refused', final: 'completed' },
  ],
  transitions: [
    {
      event: 'remind',
      from: 'waiting',
      to: 'reminded',
      trigger: { after: 'PT4H' },
      condition: '!has(context.quiet)',
    },
    {
      event: 'sign',
      from: 'waiting',
      to: 'done',
      requiresApproval: { level: 'SINGLE', approvers: ['erin'] },
    },
    { event: 'close', from: 'late', to: 'done' },
  ],
};

const overall = (autoEscalate?: WorkflowDefinitionInput['autoEscalate']) => ({
  ...definition,
  timeout: 'P2D',
  ...(autoEscalate === undefined ? {} : { autoEscalate }),
});

describe('timers', () => {
  it('are set on the way in and take a transition when they are due, not before', () => {
    const instance = TestInstance.started(definition);
    expect(instance.state.timers).toEqual([
      { kind: 'state', dueAt: '2026-01-03T03:04:05.000Z' },
      { kind: 'after', transition: 0, dueAt: '2026-01-02T07:04:05.000Z' },
    ]);
    instance.wait(4 * HOUR - 1);
    expect(instance.state.state).toBe('waiting');
    instance.wait(1);
    expect(instance.state).toMatchObject({
      state: 'reminded',
      timers: [{ kind: 'state', dueAt: '2026-01-02T09:04:05.000Z' }],
    });
    instance.wait(2 * HOUR);
    expect(instance.state).toMatchObject({ state: 'late', timers: [] });
    expect(instance.events.at(-2)?.data).toMatchObject({ event: 'timeout', trigger: 'timeout' });
  });

  it('ask a condition once', () => {
    const instance = TestInstance.started(definition, { quiet: true });
    instance.wait(5 * HOUR);
    expect(instance.state).toMatchObject({ state: 'waiting', timers: [{ kind: 'state' }] });
    const { length } = instance.events;
    instance.wait(1);
    expect(instance.events).toHaveLength(length);
    instance.wait(20 * HOUR);
    expect(instance.state.state).toBe('late');
  });

  it('leave a transition alone while an approval is open, and make up for it afterwards', () => {
    const instance = TestInstance.started(definition);
    instance.fire('sign');
    instance.wait(5 * HOUR);
    expect(instance.state).toMatchObject({ state: 'waiting', pending: { event: 'sign' } });
    instance.settle('rejected');
    instance.wait(1);
    expect(instance.state.state).toBe('reminded');
  });

  it('end the wait for an approval, which is withdrawn', () => {
    const instance = TestInstance.started(definition);
    instance.fire('sign');
    const { approvalId } = instance.state.pending ?? {};
    const { length } = instance.events;
    instance.wait(24 * HOUR);
    expect(instance.events[length]).toMatchObject({
      type: 'workflow.approval-abandoned',
      data: { approvalId },
    });
    expect(instance.state).toMatchObject({ state: 'late' });
    expect(instance.state.pending).toBeUndefined();
    // The outcome of what was withdrawn comes too late.
    instance.settle('granted');
    expect(instance.state.state).toBe('late');
  });

  it('stand still under pause and go on with what was left', () => {
    const instance = TestInstance.started(definition);
    instance.wait(3 * HOUR);
    instance.pause();
    instance.wait(100 * HOUR);
    expect(instance.state).toMatchObject({ state: 'waiting', status: 'PAUSED', timers: [] });
    instance.resume();
    expect(instance.state.state).toBe('waiting');
    instance.wait(HOUR - 1);
    expect(instance.state.state).toBe('waiting');
    instance.wait(1);
    expect(instance.state.state).toBe('reminded');
  });

  it('stop with the instance', () => {
    const instance = TestInstance.started(definition);
    instance.cancel();
    expect(instance.state).toMatchObject({ status: 'CANCELLED', timers: [] });
    const { length } = instance.events;
    instance.wait(100 * HOUR);
    expect(instance.events).toHaveLength(length);
  });

  it('of the instance as a whole run from state to state, and fail it', () => {
    const instance = TestInstance.started(overall(), { quiet: true });
    instance.wait(24 * HOUR);
    expect(instance.state).toMatchObject({ state: 'late', timers: [{ kind: 'overall' }] });
    instance.wait(24 * HOUR);
    expect(instance.state).toMatchObject({ state: 'late', status: 'FAILED' });
    expect(instance.events.at(-1)?.data).toHaveProperty('reason');
  });

  it('of the instance as a whole escalate it instead, to a state or to people', () => {
    const moved = TestInstance.started(overall({ to: 'refused' }), { quiet: true });
    moved.wait(24 * HOUR);
    moved.wait(24 * HOUR);
    expect(moved.state).toMatchObject({ state: 'refused', status: 'COMPLETED' });

    const raised = TestInstance.started(overall(true), { quiet: true });
    raised.wait(24 * HOUR);
    const { length } = raised.events;
    raised.wait(24 * HOUR);
    expect(raised.typesSince(length)).toEqual(['timers-set', 'escalated', 'incident-raised']);
    expect(raised.state).toMatchObject({ state: 'late', status: 'ACTIVE', timers: [] });
    raised.retry();
    expect(raised.state.incidents).toEqual([]);
  });
});

describe('timers that could not be fired', () => {
  it('are an incident, once, until somebody tries again', () => {
    const instance = TestInstance.started(definition);
    const fail = () => {
      instance.apply((state) => timersFailed(state, 'the definition is gone', instance.now));
    };
    fail();
    fail();
    expect(instance.state.incidents).toMatchObject([
      { code: TIMERS_FAILED, message: 'the definition is gone', state: 'waiting' },
    ]);
    instance.now = new Date(instance.now.getTime() + 24 * HOUR);
    instance.retry();
    expect(instance.state).toMatchObject({ state: 'reminded', incidents: [] });
    instance.cancel();
    const { length } = instance.events;
    fail();
    expect(instance.events).toHaveLength(length);
  });
});

describe('an automatic transition that was not approved', () => {
  it.each(['rejected', 'withdrawn'] as const)(
    'is an incident when it is %s and leads nowhere, and asked for again by a retry',
    (outcome) => {
      const requiresApproval = { level: 'SINGLE' as const, approvers: ['role:head'] };
      const instance = TestInstance.started({
        name: 'asks',
        initial: 'open',
        states: [{ name: 'open' }, { name: 'done', final: 'completed' }],
        transitions: [
          { event: 'go', from: 'open', to: 'done', trigger: 'automatic', requiresApproval },
        ],
      });
      const first = instance.state.pending?.approvalId;
      instance.settle(outcome);
      expect(instance.state.pending).toBeUndefined();
      expect(instance.state.incidents).toMatchObject([{ code: 'workflow.approval-not-given' }]);
      instance.retry();
      expect(instance.state.incidents).toEqual([]);
      expect(instance.state.pending?.approvalId).not.toBe(first);
      instance.settle('granted');
      expect(instance.state.status).toBe('COMPLETED');
    },
  );
});
