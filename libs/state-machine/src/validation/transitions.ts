import { compileCondition } from '@countersign/expressions';
import { AppError } from '@countersign/kernel';

import {
  conditionVariables,
  type TransitionDefinition,
  type WorkflowDefinition,
} from '../definition.js';
import { error, type Finding } from '../finding.js';

/** Conditions that do not compile. */
export function checkConditions(definition: WorkflowDefinition): Finding[] {
  return definition.transitions.flatMap((transition, index) => {
    if (transition.condition === undefined) return [];
    try {
      compileCondition(transition.condition, conditionVariables(transition));
      return [];
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      return [error('condition.invalid', `/transitions/${index}/condition`, cause.message)];
    }
  });
}

/** Transitions that can never be taken, because one before them always is. */
export function checkOrder(definition: WorkflowDefinition): Finding[] {
  const findings: Finding[] = [];
  const always = new Map<string, number>();
  for (const [index, transition] of definition.transitions.entries()) {
    const key = competition(transition);
    const winner = always.get(key);
    if (winner !== undefined) {
      findings.push(
        error(
          'transition.shadowed',
          `/transitions/${index}`,
          `never taken: /transitions/${winner} comes first and has no condition`,
        ),
      );
    } else if (transition.condition === undefined) {
      always.set(key, index);
    }
  }
  return findings;
}

/** Only one of the transitions with the same key is taken at a time. */
function competition({ from, trigger, event }: TransitionDefinition): string {
  return trigger === 'automatic' ? `${from} automatic` : `${from} manual ${event}`;
}

/** Members that make no sense together. */
export function checkTriggers(definition: WorkflowDefinition): Finding[] {
  return definition.transitions.flatMap(({ trigger, roles }, index) =>
    trigger === 'automatic' && roles !== undefined
      ? [
          error(
            'transition.roles-unused',
            `/transitions/${index}/roles`,
            'nobody fires an automatic transition',
          ),
        ]
      : [],
  );
}
