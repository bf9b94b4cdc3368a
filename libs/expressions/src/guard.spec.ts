import { describe, expect, it } from '@jest/globals';
import { Environment } from '@marcbachmann/cel-js';
import type { Json } from '@countersign/kernel';

import { type CelNode, childrenOf, tameEvaluator } from './cel-internals.js';
import { compileExpression } from './index.js';

/** The parts of the library that are not in its types: an update that changes them must show here. */
describe('the internals of cel-js', () => {
  const environment = new Environment({ enableOptionalTypes: true }).registerVariable('v', 'dyn');
  tameEvaluator(environment);
  const tree = (source: string): CelNode => {
    const parsed = environment.parse(source);
    expect(parsed.check().valid).toBe(true);
    return parsed.ast as unknown as CelNode;
  };

  it.each([
    'v == 1',
    'v != 1',
    'v in [1]',
    'v < 1',
    'v + 1',
    'v - 1',
    'v * 2',
    'v / 2',
    'v % 2',
    'v.a',
    'v["a"]',
    'v.?a',
    'v[?"a"]',
    'size(v)',
    'v.size()',
  ])('%s is handled where the guard can wrap it', (source) => {
    expect(typeof tree(source).handle).toBe('function');
  });

  it.each([
    'v.all(x, true)',
    'v.exists(x, true)',
    'v.exists_one(x, true)',
    'v.map(x, 1)',
    'v.map(x, true, 1)',
    'v.filter(x, true)',
  ])('%s becomes a loop that the guard can wrap', (source) => {
    const { alternate } = tree(source).meta;
    expect(alternate?.op).toBe('comprehension');
    expect(typeof alternate?.handle).toBe('function');
  });

  it('keeps the children where they are looked for', () => {
    const names = (node: CelNode): unknown[] => [
      ...(node.op === 'id' || node.op === 'value' ? [node.args] : []),
      ...childrenOf(node).flatMap(names),
    ];
    const source = '{"k": [v, true ? "a" : v.b[1]]}.size() > -size(v) || !v';
    expect(names(tree(source))).toEqual(['k', 'v', true, 'a', 'v', 1n, 'v', 'v']);
  });
});

it('does not derive and keep a type for every shape of data that it sees', () => {
  const expression = compileExpression('dyn(context.deep) == 1', ['context']);
  const deep = JSON.parse(`${'['.repeat(4_000)}${']'.repeat(4_000)}`) as Json;
  const before = process.memoryUsage().heapUsed;
  expect(expression.evaluate({ context: { deep } })).toBe(false);
  // The library's own way takes some 200 MB, for the life of the process.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
});
