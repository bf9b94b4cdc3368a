import { compileCondition, compileExpression } from '@countersign/expressions';
import { AppError } from '@countersign/kernel';

import type { Model } from '../analysis/model.js';
import { error, type Finding } from '../finding.js';
import { expressionsIn, type PlacedExpression } from './places.js';

/** What the expressions of actions and invocations may use. */
const VARIABLES = ['context', 'input'];

/** Expressions other than conditions that do not compile: of actions, invocations and AUTO rules. */
export function checkExpressions({ definition }: Model): Finding[] {
  return expressionsIn(definition).flatMap((expression) => {
    const why = expression.of === 'condition' ? undefined : problemOf(expression);
    return why === undefined ? [] : [error('expression.invalid', expression.path, why)];
  });
}

function problemOf({ source, of }: PlacedExpression): string | undefined {
  try {
    if (of === 'rule') compileCondition(source, ['subject']);
    else compileExpression(source, VARIABLES);
    return undefined;
  } catch (cause) {
    if (cause instanceof AppError) return cause.message;
    throw cause;
  }
}
