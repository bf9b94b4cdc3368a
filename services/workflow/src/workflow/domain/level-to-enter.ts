import { levelOf, type WorkflowDefinition } from '@countersign/state-machine';

type Level = 'SINGLE' | 'DUAL' | 'COMMITTEE';
const STRENGTH = ['AUTO', 'SINGLE', 'DUAL', 'COMMITTEE'];

export function levelToEnter(definition: WorkflowDefinition, state: string): Level {
  return (definition.protected ?? []).reduce<Level>((strongest, { state: goal, level }) => {
    const isStronger = STRENGTH.indexOf(level) > STRENGTH.indexOf(strongest);
    return isStronger && reaches(definition, state, goal, level) ? level : strongest;
  }, 'SINGLE');
}

function reaches(definition: WorkflowDefinition, from: string, goal: string, level: Level) {
  const seen = new Set([from]);
  for (const at of seen) {
    for (const { from: start, to, requiresApproval: policy } of definition.transitions) {
      if (start !== at) continue;
      if (policy?.onRejected !== undefined) seen.add(policy.onRejected);
      if (policy && STRENGTH.indexOf(levelOf(policy)) >= STRENGTH.indexOf(level)) continue;
      seen.add(to);
    }
    const timeout = definition.states.find(({ name }) => name === at)?.timeout;
    if (timeout) seen.add(timeout.to);
  }
  return seen.has(goal);
}
