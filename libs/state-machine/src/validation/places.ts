import { segment } from '@countersign/kernel';

import { type Action, type Actions, actionsOf } from '../action.js';
import type { ApprovalPolicy } from '../approval-policy.js';
import type { WorkflowDefinition } from '../definition.js';

/** An action, and where it stands. */
export interface PlacedAction {
  readonly action: Action;
  /** JSON pointer into the definition. */
  readonly path: string;
}

/** Every action of a definition, in its order: of the states, then of the transitions. */
export function actionsIn({ states, transitions }: WorkflowDefinition): PlacedAction[] {
  const place = (actions: Actions | undefined, path: string): PlacedAction[] =>
    actionsOf(actions).map((action, index) => ({
      action,
      path: Array.isArray(actions) ? `${path}/${index}` : path,
    }));
  return [
    ...states.flatMap(({ onEntry, onExit }, index) => [
      ...place(onEntry, `/states/${index}/onEntry`),
      ...place(onExit, `/states/${index}/onExit`),
    ]),
    ...transitions.flatMap((transition, index) =>
      place(transition.action, `/transitions/${index}/action`),
    ),
  ];
}

/** Every approval policy of a definition, with its transition and where it stands. */
export function policiesIn({ transitions }: WorkflowDefinition): {
  readonly policy: ApprovalPolicy;
  readonly transition: WorkflowDefinition['transitions'][number];
  readonly path: string;
}[] {
  return transitions.flatMap((transition, index) => {
    const policy = transition.requiresApproval;
    if (policy === undefined) return [];
    return [{ policy, transition, path: `/transitions/${index}/requiresApproval` }];
  });
}

/** An expression, and where it stands. */
export interface PlacedExpression {
  readonly source: string;
  /** JSON pointer into the definition. */
  readonly path: string;
  /** A `value` is one of an action or an invocation; a `rule` that of an approval of level AUTO. */
  readonly of: 'condition' | 'value' | 'rule';
  /** The field of the context that is set to its value, if it is one of an `assign`. */
  readonly assigns?: string;
}

/** Every expression of a definition. */
export function expressionsIn(definition: WorkflowDefinition): PlacedExpression[] {
  const conditions = definition.transitions.flatMap(({ condition }, index): PlacedExpression[] => {
    const path = `/transitions/${index}/condition`;
    return condition === undefined ? [] : [{ source: condition, path, of: 'condition' }];
  });
  const actions = actionsIn(definition).flatMap(({ action, path }) => {
    const [member, fields] = fieldsOf(action);
    return values(fields, `${path}/${member}`).map((each, index) => {
      const assigns = action.type === 'assign' ? Object.keys(fields)[index] : undefined;
      return assigns === undefined ? each : { ...each, assigns };
    });
  });
  const invocations = definition.states.flatMap(({ invoke }, index) => {
    if (invoke === undefined) return [];
    const path = `/states/${index}/invoke`;
    const { businessKey, context } = invoke;
    const key = businessKey === undefined ? {} : { businessKey };
    return [...values(key, path), ...values(context, `${path}/context`)];
  });
  const rules = policiesIn(definition).flatMap(({ policy: { rule }, path }): PlacedExpression[] =>
    rule === undefined ? [] : [{ source: rule, path: `${path}/rule`, of: 'rule' }],
  );
  return [...conditions, ...actions, ...invocations, ...rules];
}

function fieldsOf(action: Action): readonly [string, Readonly<Record<string, string>>] {
  switch (action.type) {
    case 'assign':
      return ['values', action.values];
    case 'emit':
      return ['payload', action.payload ?? {}];
    case 'pipeline':
      return ['input', action.input ?? {}];
  }
}

function values(fields: Readonly<Record<string, string>>, path: string): PlacedExpression[] {
  return Object.entries(fields).map(([field, source]) => ({
    source,
    path: `${path}/${segment(field)}`,
    of: 'value',
  }));
}

/**
 * Where an expression that failed stands in its definition, with its text: `/transitions/3/condition (context.n > 1)`. Every
 * place of that text, three at most.
 *
 * @param text the source, or its beginning and `…`, as `ExpressionError` has it
 */
export function placeOfExpression(definition: WorkflowDefinition, text: string): string {
  const beginning = text.endsWith('…') ? text.slice(0, -1) : undefined;
  const paths = expressionsIn(definition)
    .filter(({ source }) => source === text || (beginning && source.startsWith(beginning)))
    .map(({ path }) => path);
  const more = paths.length > MOST_PLACES ? ' and elsewhere' : '';
  return `${paths.slice(0, MOST_PLACES).join(', ')}${more} (${text})`.trimStart();
}

const MOST_PLACES = 3;
