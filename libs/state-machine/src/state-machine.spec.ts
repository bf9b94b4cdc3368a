import { describe, expect, it } from '@jest/globals';
import { ExpressionError } from '@countersign/expressions';

import { parseDefinition, StateMachine } from './index.js';

const trade = () =>
  new StateMachine('trade')
    .addState({ name: 'captured', allowedTransitions: ['booked', 'in-review'] })
    .addState({ name: 'in-review' })
    .addState({ name: 'booked', final: 'completed' })
    .addState({ name: 'rejected', final: 'failed' })
    .addTransition({
      event: 'book',
      from: 'captured',
      to: 'booked',
      trigger: 'automatic',
      condition: 'decimal(context.notional) < 1000000',
    })
    .addTransition({ event: 'review', from: 'captured', to: 'in-review', trigger: 'automatic' })
    .addTransition({
      event: 'approve',
      from: 'in-review',
      to: 'booked',
      requiresApproval: { level: 'DUAL', approvers: ['role:desk-head'], onRejected: 'rejected' },
      roles: ['trader'],
    })
    .addTransition({
      event: 'drop',
      from: 'in-review',
      to: 'rejected',
      condition: 'has(input.reason) && input.reason != ""',
    });

describe('StateMachine', () => {
  it('makes a transition when there is one and its condition holds', () => {
    const machine = trade();
    expect(machine.transition('captured', 'booked', { notional: 10 })).toBe(true);
    expect(machine.transition('captured', 'booked', { notional: '2000000.00' })).toBe(false);
    expect(machine.transition('captured', 'rejected', { notional: 10 })).toBe(false);
    expect(machine.transition('booked', 'captured', {})).toBe(false);
  });

  it('waits for an approval', () => {
    const machine = trade();
    expect(machine.transition('in-review', 'booked', {})).toBe(false);
    expect(machine.transition('in-review', 'booked', {}, { approved: ['drop'] })).toBe(false);
    expect(machine.transition('in-review', 'booked', {}, { approved: ['approve'] })).toBe(true);
  });

  it('does not wait for an AUTO approval', () => {
    const machine = StateMachine.from({
      name: 'auto',
      initial: 'a',
      states: [{ name: 'a' }, { name: 'b', final: 'completed' }],
      transitions: [{ event: 'go', from: 'a', to: 'b', requiresApproval: { level: 'AUTO' } }],
    });
    expect(machine.transition('a', 'b', {})).toBe(true);
  });

  it('waits for a rule that it cannot look into, and for stages', () => {
    const machine = new StateMachine('rule')
      .addState({ name: 'a' })
      .addState({ name: 'b' })
      .addState({ name: 'c' })
      .addTransition({
        event: 'go',
        from: 'a',
        to: 'b',
        requiresApproval: { level: 'AUTO', rule: 'subject.context.x > 1' },
      })
      .addTransition({
        event: 'sign',
        from: 'a',
        to: 'c',
        requiresApproval: { stages: [{ name: 's', level: 'SINGLE', approvers: ['alice'] }] },
      });
    for (const [target, event] of [
      ['b', 'go'],
      ['c', 'sign'],
    ] as const) {
      expect(machine.transition('a', target, {})).toBe(false);
      expect(machine.transition('a', target, {}, { approved: [event] })).toBe(true);
    }
  });

  it('does not let a later transition of the same event go round an approval', () => {
    const machine = new StateMachine('round')
      .addState({ name: 'a' })
      .addState({ name: 'b' })
      .addTransition({
        event: 'go',
        from: 'a',
        to: 'b',
        condition: 'context.x > 1',
        requiresApproval: { level: 'SINGLE', approvers: ['alice'] },
      })
      .addTransition({ event: 'go', from: 'a', to: 'b' });
    expect(machine.transition('a', 'b', { x: 2 })).toBe(false);
    expect(machine.transition('a', 'b', { x: 1 })).toBe(true);
    machine.addTransition({ event: 'other', from: 'a', to: 'b' });
    expect(machine.transition('a', 'b', { x: 2 })).toBe(true);
  });

  it('leads nowhere that a state does not allow, and says that the two disagree', () => {
    const machine = new StateMachine('allowed')
      .addState({ name: 'a', allowedTransitions: ['b'] })
      .addState({ name: 'b', final: 'completed' })
      .addState({ name: 'c', final: 'failed' })
      .addTransition({ event: 'go', from: 'a', to: 'b' })
      .addTransition({ event: 'drop', from: 'a', to: 'c' });
    expect(machine.transition('a', 'b', {})).toBe(true);
    expect(machine.transition('a', 'c', {})).toBe(false);
    expect(machine.getAvailableTransitions('a').map(({ to }) => to)).toEqual(['b']);
    expect(machine.validateWorkflow().map(({ code }) => code)).toContain(
      'state.allowed-transitions',
    );
  });

  it('takes the configuration of PRD-127, which starts in its first state', () => {
    const machine = StateMachine.from({
      name: 'review',
      states: [{ name: 'open' }, { name: 'done', final: 'completed' }],
      transitions: [{ event: 'finish', from: 'open', to: 'done' }],
      timeout: 'P2D',
      autoEscalate: true,
    });
    expect(machine.toDefinition()).toMatchObject({ initial: 'open', autoEscalate: true });
    for (const config of [null, {}, { states: [null] }, { name: 'x', states: [] }, []]) {
      expect(() => StateMachine.from(config as never)).toThrow(
        expect.objectContaining({ code: 'definition.malformed' }),
      );
    }
  });

  it('shows the input to the condition', () => {
    const machine = trade();
    expect(machine.transition('in-review', 'rejected', {})).toBe(false);
    expect(machine.transition('in-review', 'rejected', {}, { input: { reason: 'x' } })).toBe(true);
  });

  it('throws when a condition has no answer, or a state does not exist', () => {
    const machine = trade();
    expect(() => machine.transition('captured', 'booked', {})).toThrow(ExpressionError);
    expect(() => machine.transition('captured', 'nowhere', {})).toThrow(
      expect.objectContaining({ code: 'definition.unknown-state' }),
    );
    expect(() => machine.transition('constructor', 'booked', {})).toThrow(
      expect.objectContaining({ code: 'definition.unknown-state' }),
    );
  });

  it('lists the transitions that leave a state', () => {
    const machine = trade();
    const events = (...args: Parameters<typeof machine.getAvailableTransitions>): string[] =>
      machine.getAvailableTransitions(...args).map(({ event }) => event);
    expect(events('captured')).toEqual(['book', 'review']);
    expect(events('captured', { notional: 1e9 })).toEqual(['review']);
    expect(events('in-review', {}, { reason: 'x' })).toEqual(['approve', 'drop']);
    expect(events('booked')).toEqual([]);
  });

  it('validates itself', () => {
    const machine = trade();
    const errors = () => machine.validateWorkflow().filter(({ severity }) => severity === 'error');
    expect(errors()).toEqual([]);
    machine.addState({ name: 'island' });
    expect(errors()).toMatchObject([{ code: 'state.unreachable' }]);
    expect(new StateMachine('empty').validateWorkflow()).not.toEqual([]);
  });

  it('refuses what is malformed, and a second state of one name', () => {
    const machine = trade();
    expect(() => machine.addState({ name: 'captured' })).toThrow(
      expect.objectContaining({ code: 'state.duplicate' }),
    );
    expect(() => machine.addState({ name: '' })).toThrow(
      expect.objectContaining({ code: 'definition.malformed' }),
    );
    expect(() => new StateMachine('No Name')).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });

  it('sees states that are added after it was asked', () => {
    const machine = trade();
    expect(() => machine.transition('captured', 'parked', {})).toThrow();
    machine.addState({ name: 'parked' });
    expect(machine.transition('captured', 'parked', {})).toBe(false);
  });

  it('sees transitions that are added after it was asked', () => {
    const machine = trade();
    expect(machine.transition('in-review', 'captured', {})).toBe(false);
    machine.addTransition({ event: 'return', from: 'in-review', to: 'captured' });
    expect(machine.transition('in-review', 'captured', {})).toBe(true);
  });

  it('draws itself', () => {
    const { adjacency, mermaid } = trade().visualize();
    expect(adjacency).toEqual({
      captured: [
        { event: 'book', to: 'booked', trigger: 'automatic' },
        { event: 'review', to: 'in-review', trigger: 'automatic' },
      ],
      'in-review': [
        { event: 'approve', to: 'booked', trigger: 'manual', approval: 'DUAL' },
        { event: 'drop', to: 'rejected', trigger: 'manual' },
      ],
      booked: [],
      rejected: [],
    });
    expect(mermaid).toBe(
      [
        'stateDiagram-v2',
        '  state "captured" as s0',
        '  state "in-review" as s1',
        '  state "booked" as s2',
        '  state "rejected" as s3',
        '  [*] --> s0',
        '  s0 --> s2: book (automatic) [decimal(context.notional) #60; 1000000]',
        '  s0 --> s1: review (automatic)',
        '  s1 --> s2: approve / DUAL',
        '  s1 --> s3: (approve rejected)',
        '  s1 --> s3: drop [has(input.reason) #38;#38; input.reason != #34;#34;]',
        '  s2 --> [*]: completed',
        '  s3 --> [*]: failed',
        '',
      ].join('\n'),
    );
  });

  it('goes to data and back', () => {
    const definition = trade().toDefinition();
    expect(definition.initial).toBe('captured');
    expect(StateMachine.from(definition).toDefinition()).toEqual(definition);
    expect(parseDefinition(definition)).toEqual(definition);
  });

  it('does not share the definition it was made from', () => {
    const definition = trade().toDefinition();
    StateMachine.from(definition).addState({ name: 'more' });
    expect(definition.states).toHaveLength(4);
  });
});
