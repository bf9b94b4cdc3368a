import {
  calledName,
  type CelEvaluator,
  type CelNode,
  childrenOf,
  type Handle,
  isPlainObject,
} from './cel-internals.js';
import { Decimal } from './decimal.js';
import { areEqual } from './equality.js';
import { LimitExceeded, Refusal } from './errors.js';
import { isLoop } from './inspect.js';
import { LIMITS } from './limits.js';
import { spend } from './meter.js';
import { select, selectOptional } from './select.js';

/**
 * Wraps what the nodes of a checked tree do with their operands, so that each evaluation is metered,
 * looks at own members only and never answers with a number that is not finite. Answers the number of
 * nodes.
 */
export function guard(node: CelNode): number {
  let nodes = 1;
  for (const child of childrenOf(node)) nodes += guard(child);
  const loop = isLoop(node) ? node.meta.alternate : undefined;
  if (loop?.handle) loop.handle = meteredLoop(loop.handle, nodes + 1);
  if (node.handle) node.handle = guarded(node, node.handle);
  if (node.op === 'map') {
    for (const [key] of entriesOf(node)) if (key.op === 'value') mustBeKey(key.args, key);
    node.setMeta('evaluate', buildMap);
  }
  return nodes;
}

const entriesOf = ({ args }: CelNode) => args as readonly [CelNode, CelNode][];

/** A member `__proto__` would be lost by one of those who hand the value on. */
function mustBeKey(key: unknown, { pos }: CelNode): string {
  if (typeof key === 'string' && key !== '__proto__') return key;
  throw new Refusal('invalid_map_key', 'the keys of a map must be text other than __proto__', pos);
}

/** The library's own drops some keys without a word and makes texts of others; here they are errors. */
function buildMap(evaluator: CelEvaluator, node: CelNode, context: unknown): object {
  const map = Object.create(null) as Record<string, unknown>;
  for (const [keyNode, valueNode] of entriesOf(node)) {
    const key = mustBeKey(evaluator.run(keyNode, context), keyNode);
    if (key in map) throw new Refusal('duplicate_map_key', `duplicate key ${key}`, keyNode.pos);
    map[key] = evaluator.run(valueNode, context);
  }
  return map;
}

function guarded(node: CelNode, handle: Handle): Handle {
  switch (node.op) {
    case '.':
    case '[]':
      return select;
    case '.?':
    case '[?]':
      return selectOptional;
    case '==':
      return meteredEquality(handle, true);
    case '!=':
      return meteredEquality(handle, false);
    case 'in':
      return (left, right, ...rest) =>
        isContainer(right) ? isMember(left, right) : handle(left, right, ...rest);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return (left, right, ...rest) => {
        if (typeof left === 'string') spend(left.length >> 4);
        return handle(left, right, ...rest);
      };
    case '+':
      return meteredSum(handle);
    case '-':
    case '*':
    case '/':
    case '%':
      return (...parts) => finite(handle(...parts), node);
    case 'call':
    case 'rcall': {
      const name = calledName(node) ?? '';
      return (args, ...rest) => {
        chargeCall(name, args as readonly unknown[]);
        return finite(handle(args, ...rest), node);
      };
    }
    default:
      return handle;
  }
}

/** Every element costs as much as the loop's body has nodes; paid before the loop starts. */
function meteredLoop(handle: Handle, bodyNodes: number): Handle {
  return (items, ...rest) => {
    if (Array.isArray(items)) spend(items.length * bodyNodes);
    else if (isPlainObject(items)) spend(Object.keys(items).length * bodyNodes);
    else throw new Refusal('invalid_comprehension_range', 'only lists and maps can be looped over');
    return handle(items, ...rest);
  };
}

function meteredEquality(handle: Handle, equal: boolean): Handle {
  return (left, right, ...rest) => {
    if (typeof left === 'string' && typeof right === 'string') {
      if (left.length === right.length) spend(left.length >> 4);
      return (left === right) === equal;
    }
    if (left instanceof Decimal || right instanceof Decimal || isContainer(left)) {
      return areEqual(left, right) === equal;
    }
    return handle(left, right, ...rest);
  };
}

function isContainer(value: unknown): value is readonly unknown[] | Record<string, unknown> {
  return Array.isArray(value) || isPlainObject(value);
}

function isMember(value: unknown, container: readonly unknown[] | object): boolean {
  if (Array.isArray(container)) return container.some((element) => areEqual(value, element));
  return typeof value === 'string' && Object.hasOwn(container, value);
}

function meteredSum(handle: Handle): Handle {
  return (left, right, node, ...rest) => {
    if (typeof left === 'string' && typeof right === 'string') {
      checkText(left.length + right.length);
    } else if (Array.isArray(left) && Array.isArray(right)) {
      const length = left.length + right.length;
      if (length > LIMITS.listLength) throw new LimitExceeded('too long a list');
      spend(length);
    } else if (left instanceof Uint8Array && right instanceof Uint8Array) {
      checkText(left.length + right.length);
    }
    return finite(handle(left, right, node, ...rest), node as CelNode);
  };
}

/** Methods whose time can grow with the product of text and argument. */
const SEARCHES = new Set(['contains', 'indexOf', 'lastIndexOf', 'split']);

function chargeCall(name: string, args: readonly unknown[]): void {
  const [first, second] = args;
  for (const arg of args) {
    if (typeof arg === 'string' || arg instanceof Uint8Array) checkText(arg.length);
  }
  if (typeof first === 'string') {
    if (typeof second === 'string' && SEARCHES.has(name))
      spend(first.length * second.length * 0.004);
    if (name === 'split') spend(first.length);
    // The library's pattern for durations takes cubic time on digits without a unit.
    if (name === 'duration' && first.length > LIMITS.durationLength) {
      throw new LimitExceeded(`a duration of more than ${LIMITS.durationLength} characters`);
    }
  }
  if (name === 'join' && Array.isArray(first)) {
    const separator = typeof second === 'string' ? second.length : 0;
    let length = 0;
    for (const part of first) length += separator + (typeof part === 'string' ? part.length : 0);
    spend(first.length);
    checkText(length);
  }
}

function checkText(length: number): void {
  if (length > LIMITS.textLength) {
    throw new LimitExceeded(`a text of more than ${LIMITS.textLength} characters`);
  }
  spend(length >> 4);
}

/** Infinity and NaN would make comparisons answer "false" where the truth is "cannot be said". */
function finite(value: unknown, node: CelNode): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new Refusal(
    'number_not_finite',
    'the result is not a finite number (division by zero or overflow)',
    node.pos,
  );
}
