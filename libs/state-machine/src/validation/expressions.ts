import { compileCondition, compileExpression } from '@countersign/expressions';
import { AppError } from '@countersign/kernel';

import type { Action } from '../action.js';
import type { Model } from '../analysis/model.js';
import { error, type Finding } from '../finding.js';
import { actionsIn, policiesIn } from './places.js';

/** Expressions other than conditions that do not compile: of actions, invocations and AUTO rules. */
export function checkExpressions({ definition }: Model): Finding[] {
  const actions = actionsIn(definition).flatMap(({ action, path }) => {
    const [member, fields] = expressionsOf(action);
    return checkMap(fields, `${path}/${member}`);
  });
  const invocations = definition.states.flatMap(({ invoke }, index) => {
    if (invoke === undefined) return [];
    const path = `/states/${index}/invoke`;
    const { businessKey, context } = invoke;
    const key = businessKey === undefined ? {} : { businessKey };
    return [...checkMap(key, path), ...checkMap(context, `${path}/context`)];
  });
  const rules = policiesIn(definition).flatMap(({ policy: { rule }, path }) =>
    rule === undefined ? [] : check(() => compileCondition(rule, ['subject']), `${path}/rule`),
  );
  return [...actions, ...invocations, ...rules];
}

/** What the expressions of actions and invocations may use. */
const VARIABLES = ['context', 'input'];

function expressionsOf(action: Action): readonly [string, Readonly<Record<string, string>>] {
  switch (action.type) {
    case 'assign':
      return ['values', action.values];
    case 'emit':
      return ['payload', action.payload ?? {}];
    case 'pipeline':
      return ['input', action.input ?? {}];
  }
}

function checkMap(fields: Readonly<Record<string, string>>, path: string): Finding[] {
  return Object.entries(fields).flatMap(([field, source]) =>
    check(() => compileExpression(source, VARIABLES), `${path}/${segment(field)}`),
  );
}

function check(compile: () => unknown, path: string): Finding[] {
  try {
    compile();
    return [];
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    return [error('expression.invalid', path, cause.message)];
  }
}

/** One segment of a JSON pointer. */
const segment = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
