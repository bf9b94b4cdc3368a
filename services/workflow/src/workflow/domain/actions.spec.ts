import type { WorkflowDefinitionInput } from '@countersign/state-machine';
import { codeOf } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import { TestInstance } from '../../../test/test-instance.js';

const assign = (values: Record<string, string>) => ({ type: 'assign' as const, values });

const definition: WorkflowDefinitionInput = {
  name: 'limit',
  initial: 'new',
  contextSchema: [{ name: 'limit', type: 'decimal' }],
  states: [
    { name: 'new', onEntry: assign({ seen: '1' }), onExit: assign({ left: '"new"' }) },
    {
      name: 'rated',
      onEntry: [
        assign({ seen: 'context.seen + 1' }),
        { type: 'emit', event: 'rated', payload: { rating: 'context.rating' } },
      ],
    },
    { name: 'granted', final: 'completed', onEntry: assign({ limit: 'string(context.asked)' }) },
  ],
  transitions: [
    {
      event: 'rate',
      from: 'new',
      to: 'rated',
      action: assign({ rating: 'input.rating', from: 'context.seen' }),
    },
    {
      event: 'grant',
      from: 'rated',
      to: 'granted',
      action: assign({ by: 'input.name' }),
      requiresApproval: { level: 'SINGLE', approvers: ['erin'] },
    },
    { event: 'spoil', from: 'rated', to: 'rated', action: assign({ limit: '"a lot"' }) },
  ],
};

describe('actions', () => {
  it('change the context in their order: on the way out, by the transition, on the way in', () => {
    const instance = TestInstance.started(definition);
    expect(instance.state.context).toEqual({ seen: 1 });
    const before = instance.events.length;
    instance.fire('rate', { rating: 'B' });
    expect(instance.typesSince(before)).toEqual([
      'context-changed',
      'transitioned',
      'context-changed',
      'emitted',
    ]);
    expect(instance.state.context).toEqual({ seen: 2, left: 'new', rating: 'B', from: 1 });
    expect(instance.events.at(-1)?.data).toMatchObject({
      event: 'rated',
      payload: { rating: 'B' },
    });
  });

  it('make whoever gave the input an editor, who may not approve what it became', () => {
    const instance = TestInstance.started(definition, {}, { startedBy: 'zoe' });
    instance.fire('rate', { rating: 'B' });
    instance.fire('grant', { name: 'x' });
    expect(instance.events.at(-1)).toMatchObject({
      type: 'workflow.transition-requested',
      data: { requester: 'alice', editors: ['zoe', 'alice'] },
    });
  });

  it('and payloads that are too large are refused', () => {
    const instance = TestInstance.started(definition);
    expect(
      codeOf(() => {
        instance.fire('rate', { rating: 'x'.repeat(70_000) });
      }),
    ).toBe('workflow.too-large');
  });

  it('wait for the approval of their transition', () => {
    const instance = TestInstance.started(definition, { asked: 12 });
    instance.fire('rate', { rating: 'B' });
    instance.fire('grant', { name: 'Kim' });
    expect(instance.state.context).not.toHaveProperty('by');
    instance.settle('granted');
    expect(instance.state).toMatchObject({
      status: 'COMPLETED',
      context: { by: 'Kim', limit: '12' },
    });
  });

  it('that fail refuse what somebody asks for, and nothing has happened', () => {
    const instance = TestInstance.started(definition);
    const before = instance.events.length;
    expect(
      codeOf(() => {
        instance.fire('rate');
      }),
    ).toBe('workflow.action-failed');
    instance.fire('rate', { rating: 'B' });
    expect(
      codeOf(() => {
        instance.fire('spoil');
      }),
    ).toBe('workflow.context-invalid');
    expect(instance.events.length).toBe(before + 4);
  });

  it('that fail after an approval keep its outcome, raise an incident, and are tried again', () => {
    const instance = TestInstance.started(definition, { asked: 'a lot' });
    instance.fire('rate', { rating: 'B' });
    instance.fire('grant', { name: 'Kim' });
    const before = instance.events.length;
    instance.settle('granted');
    expect(instance.typesSince(before)).toEqual(['incident-raised', 'approval-outcome-deferred']);
    expect(instance.state).toMatchObject({ state: 'rated', status: 'ACTIVE' });
    const failing = () => {
      instance.retry();
    };
    expect(codeOf(failing)).toBe('workflow.retry-failed');
    // What the instance leaves behind is nobody's incident any more.
    const left = TestInstance.started(definition, { asked: 'a lot' });
    left.fire('rate', { rating: 'B' });
    left.fire('grant', { name: 'Kim' });
    left.settle('granted');
    left.cancel();
    expect(left.state.incidents).toEqual([]);
    // A second outcome changes nothing.
    instance.settle('rejected');
    expect(instance.state.deferred?.outcome).toBe('granted');
  });

  it('that fail are named with their place and text, to whoever asks and in the incident', () => {
    const messageOf = (act: () => void) => {
      try {
        act();
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const instance = TestInstance.started(definition, { asked: 'a lot' });
    const refusal = messageOf(() => {
      instance.fire('rate');
    });
    expect(refusal).toContain('/transitions/0/action/values/rating (input.rating): ');
    instance.fire('rate', { rating: 'B' });
    const misfit = messageOf(() => {
      instance.fire('spoil');
    });
    expect(misfit).toContain('set by /transitions/2/action/values/limit ("a lot")');
    instance.fire('grant', {});
    instance.settle('granted');
    const [incident] = instance.state.incidents;
    expect(incident?.message).toContain('/transitions/1/action/values/by (input.name): ');
    const retried = messageOf(() => {
      instance.retry();
    });
    expect(retried).toBe(incident?.message);
  });
});
