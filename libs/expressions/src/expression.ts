import type { Environment, ParseResult } from '@marcbachmann/cel-js';
import type { Json } from '@countersign/kernel';

import type { CelNode } from './cel-internals.js';
import { environmentFor } from './environment.js';
import { failedExpression, invalidExpression, LimitExceeded, Refusal } from './errors.js';
import { guard } from './guard.js';
import { inspect } from './inspect.js';
import { LIMITS } from './limits.js';
import { startMeter } from './meter.js';
import { Recent } from './recent.js';
import { toJson } from './to-json.js';

/**
 * Name and version of the language: the library that parses and checks it, and our own changes to it.
 * Stored with every definition; a change of meaning is a new version.
 */
export const EXPRESSION_LANGUAGE = 'cel-js/8.0.0+countersign/1';

/** Values for the variables an expression was compiled with, by name. A missing one fails when it is used. */
export type Bindings = Readonly<Record<string, Json>>;

/** A compiled yes-or-no question. */
export interface Condition {
  readonly source: string;
  /** @throws ExpressionError when the question has no answer, also when the result is not a boolean. */
  evaluate(bindings: Bindings): boolean;
}

/** A compiled mapping to a JSON value. */
export interface Expression {
  readonly source: string;
  /** @throws ExpressionError when there is no value, or none that is JSON. */
  evaluate(bindings: Bindings): Json;
}

const CACHE_SIZE = 2_000;
const conditions = new Recent<Condition>(CACHE_SIZE);
const expressions = new Recent<Expression>(CACHE_SIZE);

/**
 * Compiles a condition such as `context.notional >= 1000000 && has(context.desk)`.
 *
 * @param variables the roots it may use, each a map of JSON values, or a text
 * @throws AppError `invalid` `expression.invalid` with `details` `reason`, `line` and `column` (from 1): it does not parse,
 *   uses an unknown variable or function, cannot be a boolean, or is over a limit
 */
export function compileCondition(source: string, variables: readonly string[]): Condition {
  return conditions.get(cacheKey(source, variables), () => {
    const run = compile(source, variables, true);
    return {
      source,
      evaluate: (bindings) => {
        const value = run(bindings);
        if (typeof value === 'boolean') return value;
        throw failedExpression(source, new Refusal('not_boolean', 'the result is not a boolean'));
      },
    };
  });
}

/**
 * Compiles a mapping such as `{"tradeId": message.trade.id, "notional": message.?trade.?notional.orValue(0)}`.
 *
 * @param variables the roots it may use, each a map of JSON values
 * @throws AppError `invalid` `expression.invalid`, as `compileCondition` does
 */
export function compileExpression(source: string, variables: readonly string[]): Expression {
  return expressions.get(cacheKey(source, variables), () => {
    const run = compile(source, variables, false);
    return {
      source,
      evaluate: (bindings) => {
        const value = run(bindings);
        try {
          return toJson(value);
        } catch (error) {
          throw failedExpression(source, error);
        }
      },
    };
  });
}

function cacheKey(source: string, variables: readonly string[]): string {
  return `${variables.join(' ')}\n${source}`;
}

/**
 * The checked tree of a condition, to be looked at and not evaluated.
 *
 * @throws AppError `invalid` `expression.invalid`, as `compileCondition` does
 */
export function parseChecked(source: string, variables: readonly string[]): CelNode {
  return checked(source, variables, true).ast as unknown as CelNode;
}

/** The same of any expression. @throws AppError `invalid` `expression.invalid`, as `compileExpression` does */
export function parseExpression(source: string, variables: readonly string[]): CelNode {
  return checked(source, variables, false).ast as unknown as CelNode;
}

function checked(source: string, variables: readonly string[], boolean: boolean): ParseResult {
  try {
    return check(environmentFor(variables), source, boolean);
  } catch (error) {
    throw invalidExpression(source, error);
  }
}

function compile(
  source: string,
  variables: readonly string[],
  boolean: boolean,
): (bindings: Bindings) => unknown {
  const parsed = checked(source, variables, boolean);
  return (bindings) => {
    startMeter();
    try {
      return parsed(bindings) as unknown;
    } catch (error) {
      throw failedExpression(source, error);
    }
  };
}

function check(environment: Environment, source: string, boolean: boolean): ParseResult {
  if (source.length > LIMITS.sourceLength) {
    throw new LimitExceeded(`a source of more than ${LIMITS.sourceLength} characters`);
  }
  const parsed = environment.parse(source);
  const root = parsed.ast as unknown as CelNode;
  inspect(root);
  const { valid, type, error } = parsed.check();
  if (!valid) throw error ?? new Refusal('type_error', 'the expression does not check');
  if (boolean && (neverBoolean(root) || (type !== 'bool' && type?.startsWith('dyn') !== true))) {
    throw new Refusal(
      'not_boolean',
      `a condition must be a boolean, and this is ${type ?? '?'}`,
      0,
    );
  }
  guard(root);
  return parsed;
}

/** Nodes that the type check leaves open though they can be no boolean: a root, and arithmetic on its members. */
function neverBoolean({ op }: CelNode): boolean {
  return op === 'id' || ['+', '-', '*', '/', '%', '-_'].includes(op);
}
