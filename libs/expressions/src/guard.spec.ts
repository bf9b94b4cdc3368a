import { describe, expect, it } from '@jest/globals';
import { Environment } from '@marcbachmann/cel-js';
import type { JsonObject } from '@countersign/kernel';

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

it('does not keep a type for every shape of data that it sees', () => {
  const expression = compileExpression('context.a == context.b', ['context']);
  const shape = (bits: number, depth: number): unknown =>
    depth === 0 ? 1 : bits & 1 ? [shape(bits >> 1, depth - 1)] : { a: shape(bits >> 1, depth - 1) };
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 20_000; i++) {
    const context = { a: shape(i, 15), b: shape(i, 15) } as JsonObject;
    expression.evaluate({ context });
  }
  // Deriving types from the data takes about 150 MB here.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(80_000_000);
});
