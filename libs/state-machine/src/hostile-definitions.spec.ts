import { describe, expect, it } from '@jest/globals';

import {
  parseDefinition,
  validateDefinition,
  type WorkflowDefinition,
  type WorkflowDefinitionInput,
} from './index.js';

type Transition = WorkflowDefinitionInput['transitions'][number];

const define = (transitions: Transition[], rest: Partial<WorkflowDefinitionInput> = {}) =>
  parseDefinition({
    name: 'test',
    initial: 'a',
    states: [{ name: 'a' }, { name: 'b' }, { name: 'end', final: 'completed' }],
    transitions,
    ...rest,
  });
const found = (definition: WorkflowDefinition): string[] =>
  validateDefinition(definition).map((f) => `${f.severity} ${f.code} ${f.path}`);
const of = (code: string, definition: WorkflowDefinition) =>
  validateDefinition(definition).filter((finding) => finding.code.startsWith(code));
const go = (from: string, to: string, more: Partial<Transition> = {}): Transition => ({
  event: `${from}-${to}`,
  from,
  to,
  ...more,
});

describe('hostile definitions', () => {
  const refused = (transition: Partial<Transition>, rest = {}) =>
    expect(() => define([go('a', 'end', transition)], rest)).toThrow(
      expect.objectContaining({ code: 'definition.malformed' }),
    );

  it('are refused for their size and their keys', () => {
    refused({ condition: 'x'.repeat(10_000) });
    refused({}, { states: Array.from({ length: 10_000 }, (_, i) => ({ name: `s${i}` })) });
  });

  it('cannot set a prototype', () => {
    const values = JSON.parse('{"__proto__": "1", "x": "1"}') as Record<string, string>;
    const action = { type: 'assign' as const, values };
    const parsed = define([go('a', 'end', { action })]).transitions[0]?.action;
    expect(JSON.stringify(parsed)).toBe('{"type":"assign","values":{"x":"1"}}');
  });

  it.each([
    ['deep nesting', `${'('.repeat(500)}true${')'.repeat(500)}`],
    ['negations without end', `${'!'.repeat(4_000)}true`],
    ['a huge list', `context.x in [${Array.from({ length: 3_000 }, () => 1).join()}]`],
    ['a catastrophic pattern', 'context.x.matches("(a+)+$")'],
    ['a pattern with a look back', 're2(context.x, "(a)\\\\1")'],
    ['code', 'constructor.constructor("return process")()'],
    ['a long chain', Array.from({ length: 400 }, () => 'context.a').join(' || ')],
  ])('have a finding for an expression with %s', (_name, condition) => {
    expect(found(define([go('a', 'b', { condition }), go('b', 'end')]))).toEqual([
      'error condition.invalid /transitions/0/condition',
    ]);
  });

  it('treat prototype keys as names like any other', () => {
    const names = ['constructor', 'toString', 'hasOwnProperty'];
    const definition = define(
      [go('constructor', 'toString', { condition: 'context.constructor == "x"' })].concat(
        go('toString', 'hasOwnProperty'),
      ),
      {
        initial: 'constructor',
        states: names.map((name, i) => (i === 2 ? { name, final: 'completed' } : { name })),
        protected: [{ state: 'hasOwnProperty', level: 'SINGLE' }],
      },
    );
    expect(of('approval.bypass', definition)).toMatchObject([{ path: '/protected/0' }]);
  });
});
