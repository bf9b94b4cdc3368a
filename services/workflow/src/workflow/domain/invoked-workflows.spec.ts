import { systemActor } from '@countersign/kernel';
import { Organisation, type WorkflowDefinitionInput } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';

import { TestInstance } from '../../../test/test-instance.js';
import { failWorkflow } from './decider.js';
import { childEnded, childNotStarted } from './signals.js';

const parent: WorkflowDefinitionInput = {
  name: 'account',
  initial: 'screening',
  states: [
    {
      name: 'screening',
      invoke: { template: 'compliance', businessKey: 'context.id', context: { id: 'context.id' } },
      timeout: { after: 'P1D', to: 'overdue' },
    },
    { name: 'overdue' },
    { name: 'open', final: 'completed' },
    { name: 'closed', final: 'failed' },
  ],
  transitions: [
    {
      event: 'clear',
      from: 'screening',
      to: 'open',
      trigger: { signal: 'workflow.completed' },
      condition: 'input.state == "cleared"',
    },
    {
      event: 'stop',
      from: 'screening',
      to: 'closed',
      trigger: { signal: 'workflow.failed' },
    },
    { event: 'give_up', from: 'overdue', to: 'closed' },
  ],
};

const moved: WorkflowDefinitionInput = {
  name: 'checked',
  initial: 'one',
  states: [
    { name: 'one' },
    { name: 'two' },
    { name: 'three' },
    { name: 'four' },
    { name: 'end', final: 'completed' },
  ],
  transitions: [
    { event: 'go', from: 'one', to: 'two' },
    {
      event: 'go',
      from: 'two',
      to: 'three',
      requiresApproval: { level: 'SINGLE', approvers: ['erin'] },
    },
    { event: 'told', from: 'three', to: 'four', trigger: { signal: 'told' } },
    { event: 'go', from: 'four', to: 'end' },
  ],
};

describe('an invoked workflow', () => {
  const cause = {
    requester: systemActor('workflow').id,
    now: new Date('2026-01-02T04:00:00.000Z'),
    organisation: new Organisation({ people: [] }),
  };
  const ended = (
    instance: TestInstance,
    outcome: 'completed' | 'failed',
    state: string,
    editors: string[] = [],
  ) => {
    instance.apply((folded, compiled) => {
      const { childId: workflowId = '' } = instance.state;
      const { workflowId: parentId } = instance.state.identity;
      const data = {
        workflowId,
        parentId,
        template: 'compliance',
        outcome,
        state,
        context: {},
        editors,
      };
      return childEnded(folded, data, compiled, cause);
    });
  };

  it('is asked for with what the context gives, and its end comes back as a signal', () => {
    const instance = TestInstance.started(parent, { id: 'A-1' });
    expect(instance.events.find(({ type }) => type === 'workflow.child-requested')).toMatchObject({
      data: { childTemplate: 'compliance', childBusinessKey: 'A-1', childContext: { id: 'A-1' } },
    });
    ended(instance, 'completed', 'cleared');
    expect(instance.state).toMatchObject({ status: 'COMPLETED', state: 'open' });
    const { length } = instance.events;
    ended(instance, 'failed', 'again');
    expect(instance.events).toHaveLength(length);
  });

  it('is given up when the instance goes on without it', () => {
    const instance = TestInstance.started(parent, { id: 'A-1' });
    const { childId } = instance.state;
    const { length } = instance.events;
    instance.wait(86_400_000);
    expect(instance.events[length]).toMatchObject({
      type: 'workflow.child-abandoned',
      data: { childId },
    });
    ended(instance, 'completed', 'cleared');
    expect(instance.state.state).toBe('overdue');
  });

  it('is not given up when it has ended', () => {
    const instance = TestInstance.started(parent, { id: 'A-1' });
    ended(instance, 'completed', 'cleared');
    const { length } = instance.events;
    ended(instance, 'completed', 'cleared');
    expect(instance.events).toHaveLength(length);
    const undecided = TestInstance.started(parent, { id: 'A-1' });
    ended(undecided, 'completed', 'unclear');
    undecided.cancel();
    for (const { events } of [instance, undecided]) {
      expect(events.map(({ type }) => type)).not.toContain('workflow.child-abandoned');
    }
  });

  it('that cannot be started is an incident', () => {
    const instance = TestInstance.started(parent, { id: 'A-1' });
    instance.apply((folded, compiled) =>
      childNotStarted(folded, instance.state.childId ?? '', 'no such template', compiled, cause),
    );
    expect(instance.state.incidents).toMatchObject([{ code: 'workflow.child-not-started' }]);
    const { childId } = instance.state;
    const { length } = instance.events;
    instance.retry();
    expect(instance.typesSince(length)).toEqual(['incident-resolved', 'child-requested']);
    expect(instance.events.at(-1)?.data).toMatchObject({ childId, depth: 1 });
  });

  it('tells the one that waits for it', () => {
    const parentId = '22222222-0000-4000-8000-000000000001';
    const child = TestInstance.started(moved, {}, { parentId });
    child.fail();
    expect(child.events.at(-1)).toMatchObject({
      type: 'workflow.child-ended',
      data: { parentId, outcome: 'failed', state: 'one' },
    });
  });

  it('makes editors of all who moved it, and so led to what it ended with', () => {
    const parentId = '22222222-0000-4000-8000-000000000001';
    const editorsOf = (child: TestInstance) => {
      const last = child.events.find(({ type }) => type === 'workflow.child-ended');
      return (last?.data as { editors: string[] }).editors;
    };
    const walked = (...movers: string[]) => {
      const child = TestInstance.started(moved, {}, { parentId });
      for (const mover of movers) {
        child.actor = mover;
        child.fire('go');
      }
      return child;
    };
    const child = walked('bob', 'carol');
    child.settle('granted');
    child.signal('told', {}, 60_000, { id: 'dave', roles: [], groups: [] });
    child.actor = 'frank';
    child.fire('go');
    expect(editorsOf(child)).toEqual(['alice', 'bob', 'carol', 'erin', 'dave', 'frank']);

    const stopped = walked('bob');
    stopped.actor = 'grace';
    stopped.apply((folded, compiled) =>
      failWorkflow(
        folded,
        'beyond repair',
        compiled,
        { id: 'grace', roles: [], groups: ['workflow-admins'], authMethod: 'test' },
        { requester: 'grace', now: stopped.now, organisation: stopped.organisation },
      ),
    );
    expect(editorsOf(stopped)).toEqual(['alice', 'bob', 'grace']);
  });

  it('whose end was determined by somebody is not approved by them', () => {
    const asking: WorkflowDefinitionInput = {
      ...parent,
      transitions: [
        {
          event: 'take',
          from: 'screening',
          to: 'overdue',
          trigger: { signal: 'workflow.completed' },
          action: { type: 'assign', values: { result: 'input.state' } },
        },
        {
          event: 'close',
          from: 'overdue',
          to: 'closed',
          trigger: 'automatic',
          requiresApproval: { level: 'SINGLE', approvers: ['bob', 'erin'] },
        },
        { event: 'open', from: 'overdue', to: 'open' },
      ],
    };
    const instance = TestInstance.started(asking, { id: 'A-1' });
    ended(instance, 'completed', 'cleared', ['bob']);
    const asked = instance.events.find(({ type }) => type === 'workflow.transition-requested');
    expect(asked?.data).toMatchObject({ editors: expect.arrayContaining(['alice', 'bob']) });
  });
});
