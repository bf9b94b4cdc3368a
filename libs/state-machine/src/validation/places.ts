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
