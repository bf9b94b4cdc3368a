import { messageOf } from '@countersign/kernel';

import {
  calledName,
  type CelEvaluator,
  type CelNode,
  childrenOf,
  isPlainObject,
} from './cel-internals.js';
import { Decimal } from './decimal.js';
import { LimitExceeded, Refusal } from './errors.js';
import { LIMITS } from './limits.js';
import { compilePattern } from './regex.js';
import { lookUp, noSuchKey, unwrap } from './select.js';

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
      `more than ${LIMITS.loopNesting} loops inside one another`,
      node.pos,
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
  } else if (node.op === 'call' && name === 're2' && args.length === 2) {
    tryLiteral(args[1] as CelNode, compilePattern);
  } else if (node.op === 'call' && name === 'decimal' && args.length === 1) {
    tryLiteral(args[0] as CelNode, (text) => Decimal.fromText(text));
  } else if (node.op === 'rcall' && name === 'matches') {
    throw new Refusal(
      'unknown_function',
      'matches() is not available: use re2(text, pattern), which takes linear time',
      node.pos,
    );
  } else if (
    name === 'getDayOfYear' ||
    (node.op === 'rcall' && ZONED.test(name) && args.length > 1)
  ) {
    throw new Refusal(
      'unknown_function',
      `${name}() with a time zone and getDayOfYear() are not available: they depend on the zone of the machine`,
      node.pos,
    );
  }
}

/** A literal that can never work is refused when the definition is written, not when a trade arrives. */
function tryLiteral(node: CelNode, use: (text: string) => unknown): void {
  if (node.op !== 'value' || typeof node.args !== 'string') return;
  try {
    use(node.args);
  } catch (error) {
    throw new Refusal(codeOf(error), messageOf(error), node.pos);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Refusal || error instanceof LimitExceeded
    ? error.code
    : 'invalid_literal';
}

function checkKeys(node: CelNode): void {
  const seen = new Set<unknown>();
  for (const [key] of node.args as readonly [CelNode, CelNode][]) {
    if (key.op !== 'value') continue;
    if (typeof key.args !== 'string') {
      throw new Refusal('invalid_map_key', 'the keys of a map must be text', key.pos);
    }
    if (seen.size === seen.add(key.args).size) {
      throw new Refusal('duplicate_map_key', `duplicate key ${key.args}`, key.pos);
    }
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
    throw new Refusal('invalid_macro_argument', 'has() takes a selection: has(a.b)', argument.pos);
  }
  const [container, key] = argument.args as readonly [CelNode, string];
  return {
    async: false,
    typeCheck(checker: Checker, _macro: unknown, context: unknown): object {
      checker.check(argument, context);
      return checker.getType('bool');
    },
    evaluate(evaluator: CelEvaluator, _macro: unknown, context: unknown): boolean {
      const value = unwrap(evaluator.run(container, context));
      if (value === undefined) return false;
      if (!isPlainObject(value)) throw noSuchKey(key, argument);
      return lookUp(value, key) !== undefined;
    },
  };
}
