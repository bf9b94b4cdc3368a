import { describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '@countersign/kernel';

import { compileExpression, EXPRESSION_LIMITS, ExpressionError } from './index.js';

const nested = (open: string, close: string, depth: number): Json =>
  JSON.parse(`${open.repeat(depth)}1${close.repeat(depth)}`) as Json;

const context: JsonObject = {
  list: Array.from({ length: 50_000 }, (_, i) => i),
  same: Array.from({ length: 50_000 }, (_, i) => i),
  objects: Array.from({ length: 10_000 }, (_, id) => ({ id })),
  text: 'a'.repeat(99_000),
  huge: 'a'.repeat(2_000_000),
  needle: `b${'a'.repeat(500)}`,
  digits: '1'.repeat(5_000),
  texts: Array.from({ length: 5_000 }, () => 'a'.repeat(1_000)),
  deep: nested('[', ']', 200),
  deepList: nested('[', ']', 50_000),
  deepMap: nested('{"a":', '}', 50_000),
};

const reason = (source: string): unknown => {
  try {
    compileExpression(source, ['context']).evaluate({ context });
    return 'none';
  } catch (error) {
    return (error as { details: JsonObject }).details['reason'];
  }
};

describe('hostile sources', () => {
  it.each([
    ['length', ' '.repeat(EXPRESSION_LIMITS.sourceLength) + '1'],
    ['brackets', `${'('.repeat(4_000)}1${')'.repeat(4_000)}`],
    ['lists', `${'['.repeat(4_000)}${']'.repeat(4_000)}`],
    ['negations', `${'!'.repeat(8_000)}true`],
    ['signs', `${'-'.repeat(8_000)}1`],
    ['selections', `context${'.a'.repeat(4_000)}`],
    ['sums', Array(4_000).fill('1').join('+')],
    ['conjunctions', Array(1_500).fill('true').join('&&')],
    ['alternatives', `${'true?1:'.repeat(1_000)}1`],
    ['elements', `[${Array(1_000).fill('1').join(',')}]`],
    ['loops', '[1].map(a, [1].map(b, [1].map(c, [1].map(d, 1))))'],
    ['pattern', `re2(context.text, "${'a'.repeat(600)}")`],
    ['pattern size', 're2(context.text, "((a{1,100}){1,10}){1,10}")'],
  ])('%s', (_name, source) => {
    expect(() => compileExpression(source, ['context'])).toThrow(
      expect.objectContaining({ code: 'expression.invalid' }),
    );
  });
});

describe('hostile evaluations are stopped', () => {
  it.each([
    'context.list.map(x, context.list.map(y, context.list.map(z, x + y + z)))',
    'context.list.all(x, x in context.same)',
    'context.list.exists(x, context.text.contains("ab"))',
    'context.list.exists(x, duration("1s") > duration("2s"))',
    'context.objects.exists(x, x.missing)',
    'context.objects.exists(x, x.missing) || true',
    'context.texts.all(x, context.texts.all(y, x <= y))',
    'context.texts.join(",")',
    'context.text.contains(context.needle + context.needle)',
    'context.text.split("").size()',
    'context.huge.size()',
    're2(context.text, "(a{1,30}){1,30}$")',
    'duration(context.digits)',
    'cel.bind(a, context.text, a + a)',
    'cel.bind(a, context.list, a + a).size()',
    '[[1]].map(a, context.list + context.list).size()',
    `[${Array(150).fill('context.huge').join(',')}]`,
    'context.deep',
    'context.deepList',
    'context.deepMap',
    'cel.bind(a, decimal("9999999999999999999999999999999999999999"), cel.bind(b, a*a*a*a*a, cel.bind(c, b*b*b*b*b, c*c*c)))',
  ])('%s', (source) => {
    const start = performance.now();
    expect(reason(source)).toBe('limit_exceeded');
    // Some tens of milliseconds in fact; the bound is for a busy machine.
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it('does not let another side hide that the budget ran out', () => {
    const expression = compileExpression(
      'context.list.all(x, context.list.all(y, x == y)) || true',
      ['context'],
    );
    expect(() => expression.evaluate({ context })).toThrow(ExpressionError);
  });

  it('starts every evaluation with a full budget', () => {
    const expression = compileExpression('context.objects.all(x, x.id >= 0)', ['context']);
    for (let i = 0; i < 5; i++) expect(expression.evaluate({ context })).toBe(true);
  });
});

describe('honest work is not stopped', () => {
  it.each([
    'context.objects.exists(x, x.id == 9999)',
    'context.objects.map(x, x.id).size() == 10000',
    'context.list == context.same',
    '49999 in context.list',
    'context.text.contains("b")',
    're2(context.text, "^a+$")',
    'has(context.deepMap.a.a.a)',
    'context.deepMap == context.deepList',
  ])('%s', (source) => {
    expect(reason(source)).toBe('none');
  });
});
