import { describe, expect, it } from '@jest/globals';
import { ExpressionError } from '@countersign/expressions';
import type { JsonObject } from '@countersign/kernel';

import {
  type ActionResults,
  type Actions,
  type CompiledAction,
  compileDefinition,
  parseDefinition,
  runActions,
} from './index.js';

function compiled(actions: Actions): readonly CompiledAction[] {
  const definition = parseDefinition({
    name: 'acting',
    initial: 'a',
    states: [{ name: 'a', onEntry: actions, onExit: actions }],
    transitions: [{ event: 'go', from: 'a', to: 'a', action: actions }],
  });
  const machine = compileDefinition(definition);
  expect(machine.entryActions('a')).toEqual(machine.exitActions('a'));
  expect(machine.outgoing('a')[0]?.actions).toEqual(machine.exitActions('a'));
  return machine.entryActions('a');
}

const run = (actions: Actions, context: JsonObject, input?: JsonObject): ActionResults =>
  runActions(compiled(actions), context, input);

describe('actions', () => {
  it('assign all at once, and one after another', () => {
    const swap: Actions = { type: 'assign', values: { a: 'context.b', b: 'context.a' } };
    expect(run(swap, { a: 1, b: 2, c: 3 }).context).toEqual({ a: 2, b: 1, c: 3 });
    const twice: Actions = [
      swap,
      { type: 'assign', values: { c: 'context.a' } },
      {
        type: 'emit',
        event: 'swapped',
        payload: { a: 'context.a', c: 'context.c', by: 'input.by' },
      },
      { type: 'pipeline', pipeline: 'notify', input: { b: 'context.b' } },
      { type: 'emit', event: 'empty' },
    ];
    expect(run(twice, { a: 1, b: 2 }, { by: 'ann' })).toEqual({
      context: { a: 2, b: 1, c: 2 },
      emitted: [
        { event: 'swapped', payload: { a: 2, c: 2, by: 'ann' } },
        { event: 'empty', payload: {} },
      ],
      pipelines: [{ pipeline: 'notify', input: { b: 1 } }],
    });
  });

  it('make plain JSON, exactly', () => {
    const values = {
      sum: 'decimal("0.1") + decimal(context.x)',
      whole: '1 + 1',
      list: '[1, "a", null]',
    };
    expect(run({ type: 'assign', values }, { x: '0.2' }).context).toEqual({
      x: '0.2',
      sum: '0.3',
      whole: 2,
      list: [1, 'a', null],
    });
  });

  it('leave the context that they are given as it is', () => {
    const context = Object.freeze({ a: Object.freeze({ b: 1 }) }) as unknown as JsonObject;
    const { context: after } = run({ type: 'assign', values: { copy: 'context.a' } }, context);
    expect(after).toEqual({ a: { b: 1 }, copy: { b: 1 } });
    expect(after['copy']).not.toBe(after['a']);
    expect(runActions([], context).context).toBe(context);
  });

  it.each([
    ['a missing key', 'context.missing'],
    ['what is not JSON', 'timestamp("2026-01-01T00:00:00Z")'],
    ['input that nobody sent', 'input.x'],
  ])('fail on %s and answer nothing', (_name, x) => {
    for (const action of [
      { type: 'assign', values: { x } },
      { type: 'emit', event: 'e', payload: { x } },
      { type: 'pipeline', pipeline: 'p', input: { x } },
    ] satisfies Actions[]) {
      expect(() => run(action, {})).toThrow(ExpressionError);
    }
  });

  it('share one budget of time and of memory', () => {
    const list = Array.from({ length: 150 }, (_, n) => n);
    const loop = 'context.list.all(a, context.list.all(b, a + b >= 0))';
    const many = (count: number): Actions =>
      Array.from({ length: count }, () => ({ type: 'assign', values: { x: loop } }));
    expect(() => run(many(1), { list: list.slice(0, 50) })).not.toThrow();
    expect(() => run(many(20), { list: list.slice(0, 50) })).toThrow(
      expect.objectContaining({ reason: 'limit_exceeded' }),
    );
    const text = 'x'.repeat(90_000);
    const copies = Object.fromEntries(list.slice(0, 12).map((n) => [`c${n}`, 'context.text']));
    expect(() => run({ type: 'assign', values: copies }, { text })).toThrow(
      expect.objectContaining({ reason: 'limit_exceeded' }),
    );
    // And afterwards an expression has a budget of its own again.
    expect(run(many(1), { list: list.slice(0, 50) }).context['x']).toBe(true);
  });

  it('keep hostile keys of the context what they are', () => {
    const context = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}') as JsonObject;
    const { context: after } = run(
      { type: 'assign', values: { constructor: 'context.a' } },
      context,
    );
    expect(Object.keys(after).sort()).toEqual(['__proto__', 'a', 'constructor']);
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype);
  });

  it('are refused when an expression does not compile', () => {
    expect(() => compiled({ type: 'emit', event: 'e', payload: { x: 'context.' } })).toThrow(
      expect.objectContaining({ code: 'expression.invalid' }),
    );
    expect(() => compiled({ type: 'assign', values: { x: 'subject.x' } })).toThrow(
      expect.objectContaining({ code: 'expression.invalid' }),
    );
  });
});
