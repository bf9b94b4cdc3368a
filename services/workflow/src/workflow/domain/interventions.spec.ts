import type { CompiledDefinition, WorkflowDefinitionInput } from '@countersign/state-machine';
import { codeOf } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import { renamed } from '../../../test/renamed.js';
import { compile, TestInstance } from '../../../test/test-instance.js';
import { applyOutcome } from './decider.js';
import { interventionPolicy } from './intervention-policy.js';
import { mappingProblems, migrationProblems } from './interventions.js';

const definition: WorkflowDefinitionInput = {
  name: 'payment',
  initial: 'entered',
  administrators: ['group:payment-admins'],
  protected: [{ state: 'paid', level: 'DUAL' }],
  states: [
    { name: 'entered', timeout: { after: 'P1D', to: 'stuck' } },
    { name: 'stuck' },
    { name: 'released', onEntry: { type: 'assign', values: { released: 'true' } } },
    { name: 'paid', final: 'completed' },
  ],
  transitions: [
    {
      event: 'release',
      from: 'entered',
      to: 'released',
      requiresApproval: { level: 'DUAL', approvers: ['role:checker'] },
    },
    {
      event: 'correct',
      from: 'stuck',
      to: 'entered',
      action: { type: 'assign', values: { amount: '2' } },
    },
    { event: 'pay', from: 'released', to: 'paid' },
  ],
};

describe('an intervention', () => {
  it('takes as many administrators as the approvals that it gets round', () => {
    const compiled = compile(definition);
    expect(interventionPolicy(compiled, 'stuck')).toEqual({
      level: 'SINGLE',
      approvers: ['group:payment-admins'],
    });
    expect(interventionPolicy(compiled, 'released').level).toBe('DUAL');
    expect(interventionPolicy(compiled, 'paid').level).toBe('DUAL');
  });

  it('takes as many as several approvals in a row that it gets round, three at most', () => {
    const signed = (from: string, to: string, condition?: string) => ({
      event: `to_${to}`,
      from,
      to,
      ...(condition === undefined ? {} : { condition }),
      requiresApproval: { level: 'SINGLE' as const, approvers: ['role:checker'] },
    });
    const chain: WorkflowDefinitionInput = {
      name: 'chain',
      initial: 'a',
      states: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
        name === 'f' ? { name, final: 'completed' as const } : { name },
      ),
      transitions: [
        signed('a', 'b'),
        signed('b', 'c'),
        signed('c', 'd'),
        signed('d', 'e'),
        signed('e', 'f'),
        // A short cut for small ones, and a way out for everybody.
        { event: 'small', from: 'a', to: 'd', condition: 'context.amount < 10' },
        { event: 'give_up', from: 'a', to: 'f', condition: 'context.missing' },
      ],
    };
    const asked = (to: string, amount: number, kind: 'force' | 'reset' = 'force') => {
      const instance = TestInstance.started(chain, { amount });
      instance.intervene({ kind, to });
      return instance.state.intervention?.policy;
    };
    expect(asked('b', 100)).toMatchObject({ level: 'SINGLE' });
    expect(asked('c', 100)).toMatchObject({ level: 'DUAL' });
    expect(asked('d', 100)).toMatchObject({ level: 'COMMITTEE', quorum: 3 });
    expect(asked('f', 100)).toMatchObject({ level: 'COMMITTEE', quorum: 3 });
    // What this one could have avoided, it does not get round.
    expect(asked('d', 5)).toMatchObject({ level: 'SINGLE' });
    expect(asked('e', 5)).toMatchObject({ level: 'SINGLE' });
    expect(asked('f', 5)).toMatchObject({ level: 'DUAL' });
    // Where it was before it came to by these approvals.
    expect(asked('d', 100, 'reset')).toMatchObject({ level: 'SINGLE' });
    // From where no way leads there: as from the beginning.
    const back = TestInstance.started(chain, { amount: 5 });
    back.fire('small');
    back.intervene({ kind: 'force', to: 'c' });
    expect(back.state.intervention?.policy).toMatchObject({ level: 'DUAL' });
  });

  it('forces an instance into a state once a second person has agreed', () => {
    const instance = TestInstance.started(definition, { amount: 1 });
    instance.fire('release');
    const { approvalId } = instance.state.pending ?? {};
    instance.intervene({ kind: 'force', to: 'released' });
    expect(instance.state).toMatchObject({ state: 'entered', intervention: { kind: 'force' } });
    const { length } = instance.events;
    instance.settle('granted');
    expect(instance.typesSince(length)).toEqual([
      'intervention-ended',
      'approval-abandoned',
      'transitioned',
      'context-changed',
      'timers-set',
    ]);
    expect(instance.events[length + 1]?.data).toMatchObject({ approvalId });
    expect(instance.events[length + 2]?.data).toMatchObject({
      requester: 'alice',
      decidedBy: ['erin'],
      reason: 'it is stuck',
    });
    expect(instance.state).toMatchObject({ state: 'released', context: { released: true } });
    expect(instance.state.intervention).toBeUndefined();
  });

  it('changes nothing when it is turned down or comes too late', () => {
    const instance = TestInstance.started(definition, { amount: 1 });
    instance.intervene({ kind: 'force', to: 'stuck' });
    instance.settle('rejected');
    expect(instance.state).toMatchObject({ state: 'entered' });
    instance.intervene({ kind: 'force', to: 'released' });
    const { approvalId } = instance.state.intervention ?? {};
    const { length } = instance.events;
    instance.wait(86_400_000);
    expect(instance.typesSince(length).slice(0, 2)).toEqual([
      'approval-abandoned',
      'intervention-ended',
    ]);
    expect(instance.events[length + 1]?.data).toMatchObject({ approvalId, outcome: 'stale' });
    // Granted at the same moment, it comes too late.
    instance.apply((folded, compiled) =>
      applyOutcome(folded, { approvalId: approvalId ?? '', outcome: 'granted' }, compiled, {
        now: instance.now,
        organisation: instance.organisation,
      }),
    );
    expect(instance.state).toMatchObject({ state: 'stuck', sequence: 1 });
  });

  it('is one at a time, into a state that there is, of an instance that runs', () => {
    const instance = TestInstance.started(definition, { amount: 1 });
    const force = (to: string) => () => {
      instance.intervene({ kind: 'force', to });
    };
    expect(codeOf(force('nowhere'))).toBe('workflow.unknown-state');
    expect(codeOf(force('entered'))).toBe('workflow.already-there');
    force('stuck')();
    expect(codeOf(force('stuck'))).toBe('workflow.intervention-pending');
    instance.cancel();
    expect(instance.events.map(({ type }) => type)).toContain('workflow.approval-abandoned');
    instance.settle('granted');
    expect(instance.state.status).toBe('CANCELLED');
  });

  it('resets to a state and the context of then, by new events', () => {
    const instance = TestInstance.started(definition, { amount: 1, note: 'first' });
    instance.wait(86_400_000);
    instance.fire('correct');
    const was = instance.events.length;
    instance.intervene({ kind: 'reset', to: 'stuck', context: { amount: 1, note: 'first' } });
    instance.settle('granted');
    expect(instance.state).toMatchObject({
      state: 'stuck',
      context: { amount: 1, note: 'first' },
      sequence: 3,
    });
    expect(instance.events.length).toBeGreaterThan(was);
  });

  it('lets an instance follow another version, and goes on by that', () => {
    const instance = TestInstance.started(definition, { amount: 1 });
    instance.wait(86_400_000);
    const next = compile({
      ...definition,
      states: [
        { name: 'entered' },
        ...definition.states.filter(({ name }) => name === 'released' || name === 'paid'),
        { name: 'parked', timeout: { after: 'PT1H', to: 'entered' } },
      ],
      transitions: definition.transitions.filter(({ from }) => from !== 'stuck'),
    });
    expect(migrationProblems(instance.state, 'stuck', next)).toHaveLength(1);
    const target = { templateVersion: 2, definitionHash: 'b'.repeat(64), compiled: next };
    const ask = (to: string) => () => {
      instance.intervene({ kind: 'migration', to, target });
    };
    expect(codeOf(ask('stuck'))).toBe('workflow.migration-impossible');
    ask('parked')();
    instance.settle('granted', next);
    expect(instance.state).toMatchObject({
      state: 'parked',
      templateVersion: 2,
      timers: [{ kind: 'state' }],
    });
    instance.wait(3_600_000);
    expect(instance.state.state).toBe('entered');
  });

  it('takes what any version protects that the instance has followed', () => {
    const version = (names: string[], more: Partial<WorkflowDefinitionInput> = {}) =>
      compile({
        name: 'protecting',
        initial: 'a',
        states: names.map((name) => ({ name })),
        transitions: names
          .slice(1)
          .map((to, index) => ({ event: 'go', from: names[index] ?? '', to })),
        ...more,
      });
    const first = version(['a', 'b', 'p']);
    const second = version(['a', 'b', 'p'], {
      protected: [{ state: 'p', level: 'DUAL' }],
      transitions: [
        { event: 'go', from: 'a', to: 'b' },
        {
          event: 'go',
          from: 'b',
          to: 'p',
          requiresApproval: { level: 'DUAL', approvers: ['role:checker'] },
        },
      ],
    });
    const third = version(['a', 'b']);
    const instance = new TestInstance(second);
    instance.start({});
    const migrate = (templateVersion: number, compiled: CompiledDefinition) => {
      const definitionHash = String(templateVersion).repeat(64);
      instance.intervene({
        kind: 'migration',
        to: instance.state.state,
        target: { templateVersion, definitionHash, compiled },
      });
      const level = instance.state.intervention?.policy.level;
      instance.settle('granted', compiled);
      return level;
    };
    expect(migrate(3, third)).toBe('SINGLE');
    expect(instance.state.protections).toEqual([{ state: 'p', level: 'DUAL', people: 2 }]);
    expect(migrate(1, first)).toBe('DUAL');
    // Two have agreed that it can get there; a jump there still takes two.
    instance.intervene({ kind: 'force', to: 'b' });
    expect(instance.state.intervention?.policy.level).toBe('DUAL');
    instance.settle('rejected');
    migrate(4, third);
    expect(migrate(5, first)).toBe('DUAL');
  });

  it('is asked for by whom the instance concerns', () => {
    const instance = TestInstance.started(definition, { amount: 1 });
    const asking = (actor: string, groups: string[] = []) => {
      instance.actor = actor;
      instance.groups = groups;
      return codeOf(() => {
        instance.intervene({ kind: 'force', to: 'stuck' });
      });
    };
    expect(asking('mallory')).toBe('workflow.operators-only');
    expect(asking('alice')).toBeUndefined();
    expect(asking('bob', ['payment-admins'])).toBeUndefined();
  });

  it('that an administrator asks for takes the place of what somebody else did', () => {
    const instance = TestInstance.started(definition, { amount: 1 });
    instance.intervene({ kind: 'force', to: 'stuck' });
    const { approvalId } = instance.state.intervention ?? {};
    instance.actor = 'bob';
    instance.groups = ['workflow-admins'];
    const { length } = instance.events;
    instance.intervene({ kind: 'force', to: 'released' });
    expect(instance.events.slice(length)).toMatchObject([
      { type: 'workflow.approval-abandoned', data: { approvalId } },
      { type: 'workflow.intervention-ended', data: { approvalId, outcome: 'withdrawn' } },
      { type: 'workflow.intervention-requested', data: { requester: 'bob', to: 'released' } },
    ]);
    instance.apply((folded, compiled) =>
      applyOutcome(folded, { approvalId: approvalId ?? '', outcome: 'granted' }, compiled, {
        now: instance.now,
        organisation: instance.organisation,
      }),
    );
    expect(instance.state).toMatchObject({ state: 'entered', intervention: { to: 'released' } });
    const again = () => {
      instance.intervene({ kind: 'force', to: 'stuck' });
    };
    expect(codeOf(again)).toBe('workflow.intervention-pending');
    // It is their own under another id as well.
    instance.organisation = renamed({ bob: 'bob9' });
    instance.actor = 'bob9';
    expect(codeOf(again)).toBe('workflow.intervention-pending');
    instance.actor = 'alice';
    instance.groups = [];
    expect(codeOf(again)).toBe('workflow.intervention-pending');
  });

  it('that maps states wrongly says which', () => {
    const compiled = compile(definition);
    const other = compile({
      ...definition,
      states: [...definition.states, { name: 'parked', final: 'failed' }],
    });
    expect(mappingProblems({ entered: 'parked', stuck: 'paid' }, compiled, other)).toEqual([]);
    expect(mappingProblems({ entred: 'parked' }, compiled, other)).toHaveLength(1);
    expect(mappingProblems({ entered: 'parkd' }, compiled, other)).toHaveLength(1);
    const instance = TestInstance.started(definition, { amount: 1 });
    const target = { templateVersion: 2, definitionHash: 'b'.repeat(64), compiled: other };
    for (const states of [{ entred: 'parked' }, { entered: 'parkd' }]) {
      const asking = () => {
        const to = 'entered' in states ? 'parkd' : 'entered';
        instance.intervene({ kind: 'migration', to, target: { ...target, states } });
      };
      expect(codeOf(asking)).toBe('workflow.migration-impossible');
    }
    expect(migrationProblems(instance.state, 'parkd', other)).toEqual(
      mappingProblems({ entered: 'parkd' }, compiled, other),
    );
  });

  it('whose actions fail is dropped, and says why', () => {
    const broken = {
      ...definition,
      contextSchema: [{ name: 'released', type: 'string' as const }],
    };
    const instance = TestInstance.started(broken, { amount: 1 });
    instance.intervene({ kind: 'force', to: 'released' });
    instance.settle('granted');
    expect(instance.state).toMatchObject({ state: 'entered' });
    expect(instance.events.at(-1)?.data).toMatchObject({ outcome: 'failed' });
  });
});
