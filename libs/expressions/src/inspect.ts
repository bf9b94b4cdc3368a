import { calledName, type CelEvaluator, type CelNode, childrenOf } from './cel-internals.js';
import { Refusal } from './errors.js';
import { LIMITS } from './limits.js';
import { compilePattern } from './regex.js';
import { lookUp, noSuchKey } from './select.js';

const ZONED = /^get[A-Z]/;

/**
 * Looks through a parsed tree before it is type-checked: refuses what the library would allow and we
 * do not, and gives `has()` its meaning.
 *
 * @throws Refusal or LimitExceeded
 */
export function inspect(root: CelNode): void {
  visit(root, 0);
}

function visit(node: CelNode, loops: number): void {
  const name = calledName(node);
  if (name !== undefined) checkCall(node, name);
  if (node.op === 'map') checkKeys(node);
  const inside = loops + (isLoop(node) ? 1 : 0);
  if (inside > LIMITS.loopNesting) {
    throw new Refusal(
      'limit_exceeded',
      `more than ${String(LIMITS.loopNesting)} loops inside one another`,
      node.start,
    );
  }
  for (const child of childrenOf(node)) visit(child, inside);
}

/** Whether a node is a macro that runs over the elements of a list or the keys of a map. */
export function isLoop(node: CelNode): boolean {
  return node.meta.alternate?.op === 'comprehension';
}

function checkCall(node: CelNode, name: string): void {
  const args = childrenOf(node);
  if (name === 'has' && node.op === 'call' && args.length === 1) {
    node.setMeta('macro', has(args[0] as CelNode));
  } else if (name === 're2' && args.length === 2) {
    const pattern = args[1] as CelNode;
    if (pattern.op === 'value' && typeof pattern.args === 'string')
      compileAt(pattern, pattern.args);
  } else if (node.op === 'rcall' && name === 'matches') {
    throw new Refusal(
      'unknown_function',
      'matches() is not available: use re2(text, pattern), which takes linear time',
      node.start,
    );
  } else if (
    name === 'getDayOfYear' ||
    (node.op === 'rcall' && ZONED.test(name) && args.length > 1)
  ) {
    throw new Refusal(
      'unknown_function',
      `${name}() with a time zone and getDayOfYear() are not available: they depend on the zone of the machine`,
      node.start,
    );
  }
}

function compileAt(node: CelNode, pattern: string): void {
  try {
    compilePattern(pattern);
  } catch (error) {
    throw new Refusal('invalid_pattern', (error as Error).message, node.start);
  }
}

function checkKeys(node: CelNode): void {
  const seen = new Set<unknown>();
  for (const [key] of node.args as readonly [CelNode, CelNode][]) {
    if (key.op !== 'value') continue;
    const name = key.args;
    if (typeof name !== 'string') {
      throw new Refusal('invalid_map_key', 'the keys of a map must be text', key.start);
    }
    // The library drops these three from the map it makes, without a word.
    if (name === '__proto__' || name === 'constructor' || name === 'prototype') {
      throw new Refusal('invalid_map_key', `the key ${name} cannot be set`, key.start);
    }
    if (seen.has(name)) throw new Refusal('duplicate_map_key', `duplicate key ${name}`, key.start);
    seen.add(name);
  }
}

/** The library's type checker, as far as a macro uses it. */
interface Checker {
  check(node: CelNode, context: unknown): object;
  getType(name: string): object;
}

/**
 * `has(e.f)` as the language defines it, for any `e`: the library's own takes chains of plain names
 * only and refuses `has(a.list[0].b)`. Errors on the way to `e` stay errors.
 */
function has(argument: CelNode): unknown {
  if (argument.op !== '.') {
    throw new Refusal(
      'invalid_macro_argument',
      'has() takes a selection: has(a.b)',
      argument.start,
    );
  }
  const [container, key] = argument.args as readonly [CelNode, string];
  return {
    async: false,
    typeCheck(checker: Checker, _macro: unknown, context: unknown): object {
      checker.check(argument, context);
      return checker.getType('bool');
    },
    evaluate(evaluator: CelEvaluator, _macro: unknown, context: unknown): boolean {
      const value = evaluator.run(container, context);
      if (typeof value !== 'object' || value === null) throw noSuchKey(key, argument);
      return lookUp(value, key) !== undefined;
    },
  };
}
