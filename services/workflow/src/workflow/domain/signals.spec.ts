import { type JsonObject, systemActor } from '@countersign/kernel';
import type { WorkflowDefinitionInput } from '@countersign/state-machine';
import { codeOf } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import { renamed } from '../../../test/renamed.js';
import { compile, TestInstance } from '../../../test/test-instance.js';
import { fateOf } from './signals.js';

const definition: WorkflowDefinitionInput = {
  name: 'onboarding',
  initial: 'new',
  states: [
    { name: 'new' },
    { name: 'papers' },
    { name: 'checked', final: 'completed' },
    { name: 'refused', final: 'failed' },
  ],
  transitions: [
    { event: 'open', from: 'new', to: 'papers' },
    {
      event: 'complete',
      from: 'papers',
      to: 'checked',
      trigger: { signal: 'papers-in' },
      condition: 'input.pages > 1',
      action: { type: 'assign', values: { pages: 'input.pages' } },
    },
  ],
};

describe('signals', () => {
  it('take the transition that waits for them', () => {
    const instance = TestInstance.started(definition);
    instance.fire('open');
    instance.signal('papers-in', { pages: 3 });
    expect(instance.state).toMatchObject({ status: 'COMPLETED', context: { pages: 3 } });
    expect(instance.state.signals).toEqual([]);
  });

  it('that come early wait their time', () => {
    const instance = TestInstance.started(definition);
    instance.signal('papers-in', { pages: 3 });
    expect(instance.state).toMatchObject({ state: 'new', signals: [{ name: 'papers-in' }] });
    instance.fire('open');
    expect(instance.state.status).toBe('COMPLETED');

    const late = TestInstance.started(definition);
    late.signal('papers-in', { pages: 3 }, 1_000);
    late.now = new Date(late.now.getTime() + 1_000);
    late.fire('open');
    expect(late.state).toMatchObject({ state: 'papers', signals: [] });
    expect(late.events.at(-1)?.type).toBe('workflow.signal-expired');
  });

  it('that came before the instance are its first', () => {
    const instance = new TestInstance(TestInstance.started(definition).definition);
    const expiresAt = new Date(instance.now.getTime() + 1).toISOString();
    const signalId = '00000000-0000-4000-8000-000000000001';
    instance.start({}, {}, [{ signalId, name: 'papers-in', payload: { pages: 2 }, expiresAt }]);
    instance.fire('open');
    expect(instance.state.status).toBe('COMPLETED');
  });

  it('whose condition does not hold wait for another chance, in their order', () => {
    const instance = TestInstance.started(definition);
    instance.fire('open');
    instance.signal('papers-in', { pages: 1 });
    instance.signal('papers-in', { pages: 7 });
    expect(instance.state).toMatchObject({ status: 'COMPLETED', context: { pages: 7 } });
  });

  it('are kept under pause', () => {
    const instance = TestInstance.started(definition);
    instance.fire('open');
    instance.pause();
    instance.signal('papers-in', { pages: 3 });
    expect(instance.state.state).toBe('papers');
    instance.resume();
    expect(instance.state.status).toBe('COMPLETED');
  });

  it('that cannot be looked at are put aside, with an incident, and hold up neither others nor timeouts', () => {
    const timed = {
      ...definition,
      states: definition.states.map((state) =>
        state.name === 'papers' ? { ...state, timeout: { after: 'PT1H', to: 'refused' } } : state,
      ),
    };
    const instance = TestInstance.started(timed);
    instance.fire('open');
    instance.signal('papers-in', { nonsense: true }, 1e12);
    expect(instance.state).toMatchObject({
      signals: [],
      incidents: [{ code: 'workflow.signal-failed' }],
    });
    instance.wait(3_600_000);
    expect(instance.state).toMatchObject({ state: 'refused', incidents: [] });

    const other = TestInstance.started(timed);
    other.fire('open');
    other.signal('papers-in', { nonsense: true }, 1e12);
    other.signal('papers-in', { pages: 2 });
    expect(other.state.status).toBe('COMPLETED');
  });

  it('make editors of those who sent them, once a transition has taken them', () => {
    const asking = {
      ...definition,
      transitions: definition.transitions.map((transition) =>
        transition.event === 'complete'
          ? { ...transition, requiresApproval: { level: 'SINGLE' as const, approvers: ['erin'] } }
          : transition,
      ),
    };
    const instance = new TestInstance(TestInstance.started(asking).definition);
    const expiresAt = new Date(instance.now.getTime() + 1).toISOString();
    const signalId = '00000000-0000-4000-8000-000000000009';
    const early = { signalId, name: 'papers-in', payload: { pages: 2 }, expiresAt };
    instance.start({}, {}, [{ ...early, editors: ['dave'] }]);
    instance.fire('open', { note: 1 });
    expect(instance.events.at(-1)?.data).toMatchObject({ editors: ['alice', 'dave'] });
  });

  it('that waited are taken on account of those who sent them, whoever had them looked at again', () => {
    const instance = TestInstance.started(definition);
    instance.signal('papers-in', { pages: 3 }, 60_000, { id: 'dave', roles: [], groups: [] });
    instance.fire('open');
    expect(instance.events.filter(({ type }) => type === 'workflow.transitioned')).toMatchObject([
      { data: { event: 'open', requester: 'alice' } },
      { data: { event: 'complete', requester: 'dave' } },
    ]);
    expect(instance.events.find(({ type }) => type === 'workflow.context-changed')).toMatchObject({
      data: { changedBy: 'dave' },
    });
  });

  it('say whether they were taken, wait, or could not be looked at', () => {
    const instance = TestInstance.started(definition);
    const fateAfter = (payload: JsonObject) => {
      const { length } = instance.events;
      instance.signal('papers-in', payload, 1e9);
      const came = instance.events[length]?.data as { signalId: string };
      return fateOf(came.signalId, instance.state, instance.events.slice(length));
    };
    expect(fateAfter({ pages: 1 })).toBe('kept');
    instance.fire('open');
    expect(fateAfter({ nonsense: true })).toBe('failed');
    expect(fateAfter({ pages: 2 })).toBe('taken');
  });

  it('are taken back while they wait, by who sent them or operates the instance', () => {
    const instance = TestInstance.started(definition);
    const send = (id: string) => {
      instance.signal('papers-in', { pages: 3 }, 60_000, { id, roles: [], groups: [] });
      return instance.state.signals.at(-1)?.signalId ?? '';
    };
    const [first, second, third] = [send('dave'), send('dave'), send('erin')];
    const takingBack = (signalId: string, actor: string) => {
      instance.actor = actor;
      return codeOf(() => {
        instance.withdraw(signalId);
      });
    };
    expect(takingBack(first, 'mallory')).toBe('workflow.operators-only');
    expect(takingBack(first, 'dave')).toBeUndefined();
    expect(takingBack(first, 'dave')).toBe('signal.not-waiting');
    expect(takingBack(second, 'alice')).toBeUndefined();
    instance.organisation = renamed({ erin: 'erin9' });
    expect(takingBack(third, 'erin9')).toBeUndefined();
    instance.fire('open');
    expect(instance.state).toMatchObject({ state: 'papers', signals: [] });
  });

  it('nobody waits for, or too many of them, are refused', () => {
    const instance = TestInstance.started(definition);
    const send = (name: string) => () => {
      instance.signal(name, { pages: 0 });
    };
    expect(codeOf(send('nonsense'))).toBe('workflow.unknown-signal');
    for (let sent = 0; sent < 100; sent++) send('papers-in')();
    expect(codeOf(send('papers-in'))).toBe('signal.too-many');
    instance.cancel();
    expect(codeOf(send('papers-in'))).toBe('workflow.ended');
  });
});

describe('the senders of a signal', () => {
  const guarded: WorkflowDefinitionInput = {
    ...definition,
    transitions: definition.transitions.map((transition) =>
      transition.event === 'complete'
        ? {
            ...transition,
            trigger: { signal: 'papers-in', senders: ['role:archive', 'group:ops', 'carol'] },
          }
        : transition,
    ),
  };
  const sender = (id: string, roles: string[] = [], groups: string[] = []) => ({
    id,
    roles,
    groups,
  });
  const waiting = () => {
    const instance = TestInstance.started(guarded);
    instance.fire('open');
    return instance;
  };

  it.each([[sender('scanner', ['archive'])], [sender('oscar', [], ['ops'])], [sender('carol')]])(
    'are those whom the transition names: %j',
    (by) => {
      const instance = waiting();
      instance.signal('papers-in', { pages: 3 }, 60_000, by);
      expect(instance.state.status).toBe('COMPLETED');
    },
  );

  it.each([
    [sender('alice', ['trader'])],
    [sender('ops', ['ops'], ['archive'])],
    [systemActor('trigger')],
  ])('are nobody else, not even who started it or the product itself: %j', (by) => {
    const instance = waiting();
    const sending = () => {
      instance.signal('papers-in', { pages: 3 }, 60_000, by);
    };
    expect(codeOf(sending)).toBe('signal.sender-not-permitted');
  });

  it('lack the part of the product that was to send it, whose name is told', () => {
    const sending = () => {
      waiting().signal('papers-in', { pages: 3 }, 60_000, systemActor('trigger'));
    };
    expect(sending).toThrow(/^system:trigger is not among the senders of papers-in/);
    expect(sending).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ missing: 'system:trigger' }) }),
    );
  });

  it('are asked for again when a signal that waited is taken', () => {
    // It was sent when others could send it.
    const early = TestInstance.started(definition);
    early.signal('papers-in', { pages: 3 }, 60_000, sender('bob'));
    early.definition = compile(guarded);
    early.fire('open');
    expect(early.state).toMatchObject({ state: 'papers', signals: [{ name: 'papers-in' }] });
  });

  it('may let ten wait each', () => {
    const instance = TestInstance.started(definition);
    const send = (by: string) => () => {
      instance.signal('papers-in', { pages: 0 }, 60_000, sender(by));
    };
    for (let sent = 0; sent < 10; sent++) send('bob')();
    expect(codeOf(send('bob'))).toBe('signal.too-many');
    expect(codeOf(send('carol'))).toBeUndefined();
    instance.now = new Date(instance.now.getTime() + 60_000);
    expect(codeOf(send('bob'))).toBeUndefined();
  });
});
