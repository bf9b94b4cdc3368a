import type { Environment } from '@marcbachmann/cel-js';

import { spend } from './meter.js';

/**
 * The parts of the CEL library's tree and evaluator that its own types leave out and that metering
 * needs. They hold for the pinned version 8.0.0; `guard.spec.ts` fails when an update changes them.
 */
export interface CelNode {
  readonly op: string;
  readonly args: unknown;
  /** Where in the source it stands, for messages. */
  readonly pos: number;
  /** What runs instead of the node: a loop for a macro such as `map`, a value for a constant. */
  readonly meta: { readonly alternate?: CelNode; readonly macro?: unknown };
  /** Set by the type check: what an operator, selection, call or loop does with its operands. */
  handle?: Handle;
  setMeta(key: string, value: unknown): unknown;
}

/** Operands first; a call takes (args, node, evaluator), a method call (args, evaluator, node). */
export type Handle = (...parts: readonly unknown[]) => unknown;

/** A type of the library, taken from its evaluator and only handed back to it. */
type CelType = object;

/** The evaluator of one environment. */
export interface CelEvaluator {
  debugType(value: unknown): CelType;
  debugTypeDeep(value: unknown): CelType;
  run(node: CelNode, context: unknown): unknown;
  /** Runs a side of `||` or `&&`, or a step of `all` or `exists`; answers an error instead of throwing it. */
  tryEval(node: CelNode, context: unknown): unknown;
  readonly listType: CelType;
  readonly mapType: CelType;
}

/** The children of a node, in the order they are written. */
export function childrenOf(node: CelNode): readonly CelNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [(node.args as readonly [CelNode, string])[0]];
    case '!_':
    case '-_':
      return [node.args as CelNode];
    case 'call':
      return (node.args as readonly [string, readonly CelNode[]])[1];
    case 'rcall': {
      const [, receiver, args] = node.args as readonly [string, CelNode, readonly CelNode[]];
      return [receiver, ...args];
    }
    case 'map':
      return (node.args as readonly (readonly CelNode[])[]).flat();
    default:
      return node.args as readonly CelNode[];
  }
}

/** The name of a function or method call, and undefined for other nodes. */
export function calledName(node: CelNode): string | undefined {
  if (node.op !== 'call' && node.op !== 'rcall') return undefined;
  return (node.args as readonly [string])[0];
}

/** Whether a value is an object that JSON or a map literal made, rather than one of some class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What an error costs that the other side of an operator may make up for: making one takes a while. */
const SWALLOWED_ERROR_STEPS = 20;

/**
 * Makes an environment's evaluator look at values by their prototype and only at their surface, and pay
 * for the errors that it swallows.
 *
 * The library asks for a value's own `constructor`, so that an object with such a key in its JSON would
 * not be a map. And it derives a value's type from its first elements all the way down and keeps every
 * type that it ever saw, so that data of hostile shape would fill the memory of the process.
 */
export function tameEvaluator(environment: Environment): void {
  // The evaluator is private to its environment, but hands itself to whatever node it runs.
  const probe = environment.parse('true');
  const node = probe.ast as unknown as { evaluate: (evaluator: CelEvaluator) => unknown };
  node.evaluate = (evaluator) => {
    const original = evaluator.debugType.bind(evaluator);
    const typeOf = (value: unknown): CelType => {
      if (Array.isArray(value)) return evaluator.listType;
      return isPlainObject(value) ? evaluator.mapType : original(value);
    };
    evaluator.debugType = typeOf;
    evaluator.debugTypeDeep = typeOf;
    evaluator.tryEval = (tried, context) => {
      try {
        return evaluator.run(tried, context);
      } catch (error) {
        // Throws when the budget is used up: nothing may make up for that.
        spend(SWALLOWED_ERROR_STEPS);
        return error;
      }
    };
    return true;
  };
  probe({});
}
