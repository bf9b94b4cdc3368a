import { type Action, type Actions, actionsOf } from '../action.js';
import type { ApprovalPolicy } from '../approval-policy.js';
import { conditionVariables, type WorkflowDefinition } from '../definition.js';

/** An action, where it stands, and the names its expressions may use. */
export interface PlacedAction {
  readonly action: Action;
  /** JSON pointer into the definition. */
  readonly path: string;
  readonly variables: readonly string[];
}

/** Every action of a definition, in its order: of the states, then of the transitions. */
export function actionsIn({ states, transitions }: WorkflowDefinition): PlacedAction[] {
  const place = (actions: Actions | undefined, path: string, variables: string[]): PlacedAction[] =>
    actionsOf(actions).map((action, index) => ({
      action,
      path: Array.isArray(actions) ? `${path}/${index}` : path,
      variables,
    }));
  return [
    ...states.flatMap(({ onEntry, onExit }, index) => [
      ...place(onEntry, `/states/${index}/onEntry`, ['context', 'input']),
      ...place(onExit, `/states/${index}/onExit`, ['context', 'input']),
    ]),
    ...transitions.flatMap((transition, index) =>
      place(transition.action, `/transitions/${index}/action`, conditionVariables(transition)),
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
