import { describe, expect, it } from '@jest/globals';
import { AppError, type Json, type JsonObject } from '@countersign/kernel';
import fc from 'fast-check';

import { compileCondition, compileExpression, ExpressionError } from './index.js';

/** Pieces of the language, put together without regard for its grammar, so that many parse and more do not. */
const PIECES = [
  ...'+-*/%<>!?:.,()[]{}&|=\'"\\\n @#$'.split(''),
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  'in',
  '.?',
  '[?',
  'true',
  'false',
  'null',
  '0',
  '1',
  '2.5',
  '1e9',
  '0x1F',
  '3u',
  '"a"',
  "'@data'",
  'b"x"',
  'r"\\d"',
  '"""q"""',
  '"\\u0041"',
  '"\\777"',
  '// c\n',
  'context',
  'context.a',
  'context.list',
  'context.map',
  'context["@data"]',
  'x',
  'zz',
  '__proto__',
  'constructor',
  '.constructor',
  '.__proto__',
  'size(',
  'has(context.a)',
  'has(',
  'decimal("1.5")',
  'decimal(context.a)',
  're2("a", "a*")',
  're2(',
  '.matches("a")',
  '.map(x, x)',
  '.filter(x, true)',
  '.all(x, x)',
  '.exists(x, x == 1)',
  '.exists_one(x, ',
  '.orValue(1)',
  '.or(',
  'optional.of(1)',
  'optional.none()',
  'cel.bind(y, 1, y)',
  'cel.bind(',
  'duration("1h")',
  'timestamp("2026-01-01T00:00:00Z")',
  '.getHours()',
  'type(1)',
  'int',
  'int(',
  'string(',
  'double("nan")',
  'bytes("{}").json()',
  '.split("")',
  '.join()',
  '.substring(',
  '.indexOf("a", ',
  'google.protobuf.Duration',
  'dyn(',
  '{"a": 1}',
  '{1: 2}',
  '[1, "a"]',
  '[]',
  '{}',
];
const source = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join('')),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join(' ')),
);
const context = fc.record({
  a: fc.jsonValue(),
  list: fc.array(fc.jsonValue()),
  map: fc.dictionary(fc.string(), fc.jsonValue()),
});

/** Sources that mean something, on any data. */
const operand: fc.Arbitrary<string> = fc.letrec<{ term: string }>((tie) => ({
  term: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(
      'context.a',
      'context.list',
      'context.map',
      '1',
      '2.5',
      '"a"',
      'null',
      'true',
      'decimal("1.5")',
      '[1, "a"]',
      '{"k": 1}',
      'x',
    ),
    fc
      .tuple(
        tie('term'),
        fc.constantFrom('==', '!=', '<', '>=', '+', '-', '*', '/', '%', 'in', '&&', '||'),
        tie('term'),
      )
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(tie('term'), tie('term'), tie('term')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    tie('term').map((a) => `has(${a}.k)`),
    tie('term').map((a) => `dyn(${a})[0]`),
    tie('term').map((a) => `dyn(${a}).?k.orValue(${a})`),
    tie('term').map((a) => `size(dyn(${a}))`),
    tie('term').map((a) => `!dyn(${a})`),
    tie('term').map((a) => `-dyn(${a})`),
    fc
      .tuple(
        tie('term'),
        fc.constantFrom('map', 'filter', 'all', 'exists', 'exists_one'),
        tie('term'),
      )
      .map(([a, m, b]) => `dyn(${a}).${m}(x, ${b})`),
    fc.tuple(tie('term'), tie('term')).map(([a, b]) => `cel.bind(x, ${a}, ${b})`),
  ),
})).term;

function isJson(value: Json): boolean {
  return JSON.stringify(JSON.parse(JSON.stringify(value))) === JSON.stringify(value);
}

function tryOut(text: string, bindings: JsonObject): 'value' | 'failed' | 'refused' {
  let outcome: 'value' | 'failed' | 'refused' = 'value';
  for (const compile of [compileExpression, compileCondition]) {
    let compiled;
    try {
      compiled = compile(text, ['context']);
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ kind: 'invalid', code: 'expression.invalid' });
      outcome = 'refused';
      continue;
    }
    const start = performance.now();
    try {
      expect(isJson(compiled.evaluate({ context: bindings }))).toBe(true);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      if (outcome === 'value') outcome = 'failed';
    }
    expect(performance.now() - start).toBeLessThan(5_000);
  }
  return outcome;
}

describe('any text', () => {
  it('is refused, fails or has a JSON value, and nothing else', () => {
    fc.assert(
      fc.property(source, context, (text, bindings) => void tryOut(text, bindings as JsonObject)),
      {
        numRuns: 2_000,
      },
    );
  });

  it('that follows the grammar does so as well', () => {
    const seen = { value: 0, failed: 0, refused: 0 };
    fc.assert(
      fc.property(operand, context, (text, bindings) => {
        seen[tryOut(text, bindings as JsonObject)]++;
      }),
      { numRuns: 2_000 },
    );
    // The property says something only as long as all three happen.
    expect(Math.min(seen.value, seen.failed, seen.refused)).toBeGreaterThan(20);
  });

  it('has the same outcome each time', () => {
    fc.assert(
      fc.property(operand, context, (text, bindings) => {
        const run = (): string => {
          try {
            return JSON.stringify(
              compileExpression(text, ['context']).evaluate({ context: bindings as JsonObject }),
            );
          } catch (error) {
            return (error as Error).message;
          }
        };
        expect(run()).toBe(run());
      }),
      { numRuns: 500 },
    );
  });
});
