import { describe, expect, it } from '@jest/globals';

import { compileCondition, type Outline, outlineCondition } from './index.js';

const of = (source: string): Outline => outlineCondition(source, ['context', 'input']);

/** As text: atoms with a comparison in square brackets. */
function shape(outline: Outline): string {
  switch (outline.kind) {
    case 'constant':
      return String(outline.value);
    case 'not':
      return `!${shape(outline.part)}`;
    case 'and':
    case 'or':
      return `${outline.kind}(${outline.parts.map(shape).join(', ')})`;
    case 'atom': {
      const { comparison: c } = outline;
      return c === undefined
        ? `{${outline.text}}`
        : `[${c.term} ${c.op} ${JSON.stringify(c.constant)}]`;
    }
  }
}

describe('the outline of a condition', () => {
  it.each([
    [
      'context.x < 100 && !context.flag && context.y == "a"',
      'and([context.x < 100], ![context.flag == true], [context.y == "a"])',
    ],
    ['100 > context.x', '[context.x < 100]'],
    ['-5 <= context.x', '[context.x >= -5]'],
    ['context.x != null', '![context.x == null]'],
    ['context.x in ["a", "b"]', 'or([context.x == "a"], [context.x == "b"])'],
    ['decimal(context.x) >= decimal("10.50")', '[decimal(context.x) >= 10.5]'],
    ['context.x < 1.5 || (context.x > 3 || true)', 'or([context.x < 1.5], [context.x > 3], true)'],
    ['context["x"] == 1', '[([] context, "x") == 1]'],
    // Not told apart by a double, or no numbers: taken as they stand.
    ['context.x < 9007199254740993', '{(< context.x, 9007199254740993)}'],
    ['context.x < decimal("0.1234567890123456")', '{(< context.x, decimal("0.1234567890123456"))}'],
    ['context.x < "m"', '{(< context.x, "m")}'],
    ['has(context.x)', '{has(context.x)}'],
    ['context.x == context.y', '{(== context.x, context.y)}'],
  ])('of %s', (source, expected) => {
    expect(shape(of(source))).toBe(expected);
  });

  it.each([
    ['context.x < 1', ['context.x']],
    ['has(context.a.b)', ['context.a']],
    ['context["x"] == input.y', ['context.x', 'input.y']],
    ['context.?x.orValue(1) == size(context.list)', ['context.x', 'context.list']],
    ['[context].exists(c, c.x == 1)', ['context']],
    ['context[input.key] == 1', ['context', 'input.key']],
    ['{"a": context}.a.x == context.y', ['context', 'context.y']],
    ['context.list.exists(context, context.x == 2)', ['context.list', 'context', 'context.x']],
  ])('reads of %s', (source, expected) => {
    const outline = of(source);
    expect(outline.kind === 'atom' ? [...outline.reads].sort() : outline).toEqual(
      [...expected].sort(),
    );
  });

  it('tells different expressions apart, and not their spacing', () => {
    const text = (source: string): string => {
      const outline = of(source);
      return outline.kind === 'atom' ? outline.text : '';
    };
    expect(text('size( context.x )>context.y')).toBe(text('size(context.x) > context.y'));
    const different = [
      'context.f(1)',
      'f(context, 1)',
      'size(context.x) == 1u',
      'size(context.x) == 2u',
      'context.x == [1]',
      'context.x == [1.0]',
      'context.x == ["1"]',
      'context.x == b"1"',
      'context.x == [0.12345678901]',
      'context.x == [0.12345678902]',
    ].filter((source) => {
      try {
        compileCondition(source, ['context']);
        return true;
      } catch {
        return false;
      }
    });
    expect(new Set(different.map(text)).size).toBe(different.length);
  });

  it('refuses what does not compile', () => {
    expect(() => of('context.x >')).toThrow(
      expect.objectContaining({ code: 'expression.invalid' }),
    );
    expect(() => of('"yes"')).toThrow(expect.objectContaining({ code: 'expression.invalid' }));
  });
});
