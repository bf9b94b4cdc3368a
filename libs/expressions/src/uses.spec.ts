import { describe, expect, it } from '@jest/globals';

import { compileExpression, type FieldKind, usesOf } from './index.js';

const fields = new Map<string, FieldKind>([
  ['context.s', 'string'],
  ['context.n', 'number'],
  ['context.d', 'decimal'],
  ['context.b', 'boolean'],
  ['context.o', 'object'],
  ['context.l', 'list'],
]);
const uses = (source: string) => usesOf(source, ['context', 'input'], fields);
const outcomes = (source: string) => uses(source).misuses.map(({ outcome }) => outcome);

/** Contexts that fit the fields; a decimal comes as a number or as a text. */
const contexts = ['10.5', 10.5].map((d) => ({ s: 'x', n: 5, d, b: true, o: { a: 1 }, l: [1, 2] }));
const evaluated = (source: string, d: 0 | 1) => {
  try {
    return compileExpression(source, ['context', 'input']).evaluate({
      context: contexts[d] ?? {},
      input: { a: 1 },
    });
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('what an expression does with declared fields', () => {
  it('is read off: members, in order', () => {
    expect(uses('has(context.s) && context["z"] > input.a || context.?y.hasValue()').reads).toEqual(
      ['context.s', 'context.z', 'input.a', 'context.y'],
    );
  });

  it.each([
    'context.s > 5',
    'context.n < "5"',
    'context.b > 5',
    'context.b + 1',
    'context.s + context.n',
    'context.l - 1',
    'context.n * context.s',
    '-context.s == 1',
    '!context.s',
    'context.s ? 1 : 2',
    'decimal(context.b) > 1',
    'decimal(context.l) > 1',
    'size(context.n) > 1',
    'context.n.startsWith("a")',
    'context.n.exists(x, x > 1)',
    'context.s.x == 1',
    'has(context.n.x)',
    'context.b[0] == 1',
    'context.s == decimal("5")',
    'context.d > true',
    'context.d + context.l',
    'decimal(context.d) >= context.s',
    'context.n + 1 > context.s',
  ])('fails whatever the values are: %s', (source) => {
    expect(outcomes(source)).toEqual(['fails']);
    expect([evaluated(source, 0), evaluated(source, 1)]).toEqual([
      'expression.failed',
      'expression.failed',
    ]);
  });

  it.each([
    'context.d > 5',
    '5 <= context.d',
    'context.d > context.n',
    'context.d < decimal("5")',
    'context.d - 1 > 0',
    'context.d * context.n',
    '-context.d < 0',
    'context.d == decimal(5)',
    'context.d in [decimal(5)]',
  ])('fails where a decimal is a text: %s', (source) => {
    expect(outcomes(source)).toEqual(['decimal']);
    expect(evaluated(source, 0)).toBe('expression.failed');
    expect(evaluated(source, 1)).not.toBe('expression.failed');
  });

  it.each([
    'context.d == 10.5',
    'context.d == "10.50"',
    'context.d > "9"',
    'context.d == context.d',
  ])('means something else where a decimal is a text: %s', (source) => {
    expect(outcomes(source)).toEqual(['decimal']);
  });

  it.each([
    'context.s == 5',
    'context.s != context.n',
    'context.b == "true"',
    'context.s in [1, 2]',
    'context.l == {}',
    'context.d == true',
  ])('can never be equal: %s', (source) => {
    expect(outcomes(source)).toEqual(['never-equal']);
  });

  it.each([
    'context.s > "a" && context.n >= 5 && context.n + 1 != 7.5 && context.b == true',
    'decimal(context.d) > 5 && decimal(context.d) <= decimal("7.5") && -context.n < decimal(0)',
    'decimal(context.?d.orValue("0")) > 5 || context.?n.orValue(0) > 5',
    'has(context.o.a) && context.o.a == 1 && size(context.l) > 1 && context.l[0] > context.n',
    'context.s in ["a", "b"] && context.n in context.l && "a" in context.o && context.d != null',
    'context.l.exists(context, context > 1) && context.s.startsWith("a") && size(context.s) > 2',
    'context.b ? context.s == "a" : input.x > context.s || context.unknown > 5',
    '{"a": context.d, "b": [context.s, context.n]}',
    'context.s + "x" == string(context.n) && context.l + [1] == [] && context.n / 2 > 1',
  ])('is fine: %s', (source) => {
    expect(outcomes(source)).toEqual([]);
  });

  it('has a kind where that is certain', () => {
    const kinds = ['context.s', '1 + context.n', 'decimal(1)', 'context.d', '[1]', '{}', 'input.x'];
    expect(kinds.map((source) => uses(source).kind)).toEqual([
      ...['string', 'number', 'exact', 'decimal', 'list', 'object'],
      undefined,
    ]);
    expect(uses('context.n > 1 && true').kind).toBe('boolean');
    expect(uses('input.x ? context.s : "a"').kind).toBe('string');
    expect(uses('input.x ? context.s : 1').kind).toBeUndefined();
  });

  it('says what it is about', () => {
    const [decimal, fails] = ['context.d > 5', 'context.s > 5'].map((s) => uses(s).misuses[0]);
    expect(decimal?.message).toContain('decimal(context.d)');
    expect(fails?.message).toContain('context.s is a string');
  });
});
