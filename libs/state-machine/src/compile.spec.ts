import { describe, expect, it } from '@jest/globals';
import { ExpressionError } from '@countersign/expressions';

import {
  compileDefinition,
  mayFire,
  parseDefinition,
  StateMachine,
  type WorkflowDefinitionInput,
} from './index.js';

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

describe('a compiled definition', () => {
  const compiled = compileDefinition(trade().toDefinition());

  it('finds the automatic transition that is due', () => {
    expect(compiled.nextAutomatic('captured', { notional: 1 })?.event).toBe('book');
    expect(compiled.nextAutomatic('captured', { notional: 1e6 })?.event).toBe('review');
    expect(compiled.nextAutomatic('in-review', {})).toBeUndefined();
    expect(() => compiled.nextAutomatic('captured', {})).toThrow(ExpressionError);
  });

  it('tells why an event leads nowhere', () => {
    expect(compiled.byEvent('in-review', 'drop', {})).toEqual({ refused: 'condition-false' });
    expect(compiled.byEvent('in-review', 'close', {})).toEqual({ refused: 'no-transition' });
    // Automatic transitions cannot be asked for.
    expect(compiled.byEvent('captured', 'review', {})).toEqual({ refused: 'no-transition' });
    expect(compiled.byEvent('in-review', 'drop', {}, { reason: 'late' })).toMatchObject({
      transition: { to: 'rejected', index: 3 },
    });
  });

  it('says how each manual transition stands, whatever its condition does', () => {
    const verdicts = (condition: string): string[] =>
      compileDefinition(
        parseDefinition({
          name: 'one',
          initial: 'a',
          states: [{ name: 'a' }, { name: 'b', final: 'completed' }],
          transitions: [{ event: 'go', from: 'a', to: 'b', condition }],
        }),
      )
        .available('a', { x: 1 })
        .map(({ verdict }) => verdict);
    expect(verdicts('context.x == 1')).toEqual(['open']);
    expect(verdicts('context.x == 2')).toEqual(['closed']);
    expect(verdicts('context.y == 2')).toEqual(['failed']);
    expect(verdicts('context.x == input.x')).toEqual(['depends-on-input']);
  });

  it('knows outcomes', () => {
    expect(compiled.outcomeOf('rejected')).toBe('failed');
    expect(compiled.outcomeOf('captured')).toBeUndefined();
  });

  it('refuses transitions to nowhere', () => {
    const definition = trade().toDefinition();
    definition.initial = 'nowhere';
    expect(() => compileDefinition(definition)).toThrow(
      expect.objectContaining({ code: 'definition.unknown-state' }),
    );
  });
});

it('lets those fire who have one of the roles', () => {
  expect(mayFire({}, [])).toBe(true);
  expect(mayFire({ roles: ['a', 'b'] }, ['b', 'c'])).toBe(true);
  expect(mayFire({ roles: ['a'] }, ['b'])).toBe(false);
});

describe('what moves an instance without anybody asking', () => {
  const input: WorkflowDefinitionInput = {
    name: 'settlement',
    initial: 'open',
    timeout: 'P10D',
    autoEscalate: { to: 'stuck' },
    states: [
      { name: 'open', timeout: { after: 'PT2H', to: 'late' } },
      {
        name: 'late',
        invoke: {
          template: 'chase',
          version: 2,
          businessKey: '"chase-" + context.tradeId',
          context: { trade: 'context.tradeId', by: 'input.?by.orValue("nobody")' },
        },
      },
      { name: 'settled', final: 'completed' },
      { name: 'stuck', final: 'failed' },
    ],
    transitions: [
      {
        event: 'remind',
        from: 'open',
        to: 'open',
        trigger: { after: 'PT30M' },
        condition: '!has(context.reminded)',
      },
      { event: 'expire', from: 'open', to: 'late', trigger: { after: 'P1D' } },
      {
        event: 'confirm-full',
        from: 'open',
        to: 'settled',
        trigger: { signal: 'confirmed' },
        condition: 'input.amount == context.amount',
      },
      {
        event: 'confirm-part',
        from: 'open',
        to: 'late',
        trigger: { signal: 'confirmed' },
        condition: 'input.amount > 0',
      },
      { event: 'give-up', from: 'late', to: 'stuck' },
    ],
    protected: [{ state: 'settled', level: 'SINGLE' }],
  };
  const compiled = compileDefinition(parseDefinition(input));
  const context = { amount: 10, tradeId: 'T1' };

  it('finds the transition that a signal fires, by what it carries', () => {
    const target = (amount: number): unknown => {
      const choice = compiled.bySignal('open', 'confirmed', context, { amount });
      return 'transition' in choice ? choice.transition.to : choice.refused;
    };
    expect([target(10), target(4), target(0)]).toEqual(['settled', 'late', 'condition-false']);
    expect(compiled.bySignal('open', 'denied', context)).toEqual({ refused: 'no-transition' });
    expect(compiled.bySignal('late', 'confirmed', context)).toEqual({ refused: 'no-transition' });
    expect(() => compiled.bySignal('open', 'confirmed', context)).toThrow(ExpressionError);
    // Neither a signal's event nor that of a timed transition can be asked for.
    for (const event of ['confirm-full', 'expire']) {
      expect(compiled.byEvent('open', event, context)).toEqual({ refused: 'no-transition' });
    }
  });

  it('knows times in milliseconds', () => {
    const times = compiled
      .afterTransitions('open')
      .map((each) => [
        each.transition.event,
        each.afterMs,
        each.transition.holds({ reminded: true }),
      ]);
    expect(times).toEqual([
      ['remind', 1_800_000, false],
      ['expire', 86_400_000, true],
    ]);
    expect(compiled.afterTransitions('late')).toEqual([]);
    expect(compiled.timeoutOf('open')).toEqual({ afterMs: 7_200_000, to: 'late' });
    expect(compiled.timeoutOf('late')).toBeUndefined();
    expect(compiled.overallTimeout).toEqual({ afterMs: 864_000_000, then: { to: 'stuck' } });
  });

  it.each([
    [true, 'incident'],
    [false, 'fail'],
    [undefined, 'fail'],
  ])('with autoEscalate %j an overall timeout ends in: %s', (autoEscalate, then) => {
    const definition = parseDefinition({ ...input, autoEscalate });
    expect(compileDefinition(definition).overallTimeout?.then).toBe(then);
    delete definition.timeout;
    expect(compileDefinition(definition).overallTimeout).toBeUndefined();
  });

  it('says which workflow a state starts', () => {
    expect(compiled.invocationOf('open', context)).toBeUndefined();
    expect(compiled.invocationOf('late', context, { by: 'ann' })).toEqual({
      template: 'chase',
      version: 2,
      businessKey: 'chase-T1',
      context: { trade: 'T1', by: 'ann' },
    });
    expect(() => compiled.invocationOf('late', {})).toThrow(ExpressionError);
  });

  it.each<[string, (definition: WorkflowDefinitionInput) => void]>([
    [
      'a timeout',
      ({ states }) => (states[0] = { name: 'open', timeout: { after: 'PT1S', to: 'x' } }),
    ],
    ['an escalation', (definition) => (definition.autoEscalate = { to: 'x' })],
    ['a protection', (definition) => (definition.protected = [{ state: 'x', level: 'DUAL' }])],
    ['a start', (definition) => (definition.initial = 'x')],
  ])('refuses %s of a state that does not exist', (_name, change) => {
    const changed = structuredClone(input);
    change(changed);
    expect(() => compileDefinition(parseDefinition(changed))).toThrow(
      expect.objectContaining({ code: 'definition.unknown-state' }),
    );
  });
});
