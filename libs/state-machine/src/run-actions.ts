import {
  compileExpression,
  type Expression,
  ExpressionError,
  inOneBudget,
} from '@countersign/expressions';
import type { Json, JsonObject } from '@countersign/kernel';

import { type Actions, actionsOf } from './action.js';

/** What the expressions of actions may use. */
const VARIABLES = ['context', 'input'];

/** Characters that the values of one run may have in their JSON form, taken together. */
const MOST_CHARACTERS = 1_000_000;

const NOTHING: JsonObject = {};

/** Members of an object and the compiled expression of each. */
export type CompiledFields = readonly (readonly [string, Expression])[];

/** An action whose expressions are ready to be evaluated. */
export type CompiledAction =
  | { readonly type: 'assign'; readonly values: CompiledFields }
  | { readonly type: 'emit'; readonly event: string; readonly payload: CompiledFields }
  | { readonly type: 'pipeline'; readonly pipeline: string; readonly input: CompiledFields };

/** What a run of actions asks for. Nothing has happened yet. */
export interface ActionResults {
  /** The context afterwards; the one that was given, where nothing is assigned. */
  readonly context: JsonObject;
  /** Events to publish, in their order. */
  readonly emitted: readonly { readonly event: string; readonly payload: JsonObject }[];
  /** Pipelines to run, in their order. */
  readonly pipelines: readonly { readonly pipeline: string; readonly input: JsonObject }[];
}

/** @throws AppError `invalid` `expression.invalid` for an expression that does not compile */
export function compileActions(actions: Actions | undefined): readonly CompiledAction[] {
  return actionsOf(actions).map((action): CompiledAction => {
    switch (action.type) {
      case 'assign':
        return { type: 'assign', values: compileFields(action.values) };
      case 'emit':
        return { type: 'emit', event: action.event, payload: compileFields(action.payload) };
      case 'pipeline':
        return {
          type: 'pipeline',
          pipeline: action.pipeline,
          input: compileFields(action.input),
        };
    }
  });
}

/** @throws AppError `invalid` `expression.invalid` */
export function compileFields(fields: Readonly<Record<string, string>> = {}): CompiledFields {
  return Object.entries(fields).map(([name, source]) => [
    name,
    compileExpression(source, VARIABLES),
  ]);
}

/**
 * Evaluates actions one after another. The expressions of one action all see the context as it was before that
 * action, and the next action sees what it assigned. All of them share the budget of one evaluation.
 *
 * Pure: the given context is not changed. Whether the new one fits the definition's `contextSchema` is for the
 * caller to check (`contextProblems`).
 *
 * @param input what the caller or the signal sent; a missing one is empty
 * @throws ExpressionError when an expression has no value, none that is JSON, or all values together are too large
 */
export function runActions(
  actions: readonly CompiledAction[],
  context: JsonObject,
  input: JsonObject = NOTHING,
): ActionResults {
  if (actions.length === 0) return { context, emitted: [], pipelines: [] };
  return inOneBudget(() => {
    let current = context;
    const emitted: { event: string; payload: JsonObject }[] = [];
    const pipelines: { pipeline: string; input: JsonObject }[] = [];
    const size = { left: MOST_CHARACTERS };
    for (const action of actions) {
      switch (action.type) {
        case 'assign':
          current = { ...current, ...evaluate(action.values, current, input, size) };
          break;
        case 'emit': {
          const payload = evaluate(action.payload, current, input, size);
          emitted.push({ event: action.event, payload });
          break;
        }
        case 'pipeline': {
          const given = evaluate(action.input, current, input, size);
          pipelines.push({ pipeline: action.pipeline, input: given });
        }
      }
    }
    return { context: current, emitted, pipelines };
  });
}

/** Evaluates the members of an object, all over the same context. @throws ExpressionError */
export function evaluateFields(
  fields: CompiledFields,
  context: JsonObject,
  input: JsonObject = NOTHING,
): JsonObject {
  return inOneBudget(() => evaluate(fields, context, input, { left: MOST_CHARACTERS }));
}

function evaluate(
  fields: CompiledFields,
  context: JsonObject,
  input: JsonObject,
  size: { left: number },
): JsonObject {
  // The names are checked not to be `__proto__`, and every value is fresh.
  return Object.fromEntries(
    fields.map(([name, expression]): [string, Json] => {
      const value = expression.evaluate({ context, input });
      size.left -= JSON.stringify(value).length;
      if (size.left >= 0) return [name, value];
      throw new ExpressionError(
        expression.source,
        'limit_exceeded',
        `the values of these actions have more than ${MOST_CHARACTERS} characters`,
      );
    }),
  );
}
