import type { StateDefinition, WorkflowDefinition } from '../definition.js';
import { error, type Finding } from '../finding.js';

/** Names that are used twice, and names that stand for nothing. */
export function checkNames(definition: WorkflowDefinition): Finding[] {
  const findings: Finding[] = [];
  const { states, transitions, contextSchema, initial } = definition;
  const known = new Set(states.map((state) => state.name));

  for (const index of repeated(states.map((state) => state.name))) {
    const name = states[index]?.name ?? '';
    findings.push(error('state.duplicate', `/states/${index}/name`, `a second state ${name}`));
  }
  for (const index of repeated(contextSchema.map((field) => field.name))) {
    const name = contextSchema[index]?.name ?? '';
    findings.push(
      error('context.duplicate-field', `/contextSchema/${index}/name`, `a second field ${name}`),
    );
  }
  const mustExist = (name: string | undefined, path: string): void => {
    if (name !== undefined && !known.has(name)) {
      findings.push(error('state.unknown', path, `there is no state ${name}`));
    }
  };
  mustExist(initial, '/initial');
  for (const [index, { from, to, requiresApproval }] of transitions.entries()) {
    mustExist(from, `/transitions/${index}/from`);
    mustExist(to, `/transitions/${index}/to`);
    mustExist(requiresApproval?.onRejected, `/transitions/${index}/requiresApproval/onRejected`);
  }
  return findings;
}

/** Final states that go on, and states whose list of allowed transitions disagrees with the transitions. */
export function checkStates(definition: WorkflowDefinition): Finding[] {
  const byFrom = Map.groupBy(definition.transitions, (transition) => transition.from);
  return definition.states.flatMap((state, index) => {
    const targets = new Set((byFrom.get(state.name) ?? []).map((transition) => transition.to));
    const findings = checkAllowed(state, index, targets);
    if (state.final !== undefined && targets.size > 0) {
      findings.push(
        error('final.has-transitions', `/states/${index}/final`, `${state.name} ends and goes on`),
      );
    }
    return findings;
  });
}

function checkAllowed(
  state: StateDefinition,
  index: number,
  targets: ReadonlySet<string>,
): Finding[] {
  if (state.allowedTransitions === undefined) return [];
  const path = `/states/${index}/allowedTransitions`;
  const allowed = new Set(state.allowedTransitions);
  const disagree = (message: string): Finding => error('state.allowed-transitions', path, message);
  return [
    ...[...targets]
      .filter((target) => !allowed.has(target))
      .map((target) => disagree(`a transition leads to ${target}, which is not allowed`)),
    ...[...allowed]
      .filter((target) => !targets.has(target))
      .map((target) => disagree(`${target} is allowed, and no transition leads there`)),
  ];
}

/** Indexes of the names that stand earlier in the list already. */
function repeated(names: readonly string[]): number[] {
  const seen = new Set<string>();
  return [...names.entries()]
    .filter(([, name]) => seen.size === seen.add(name).size)
    .map(([index]) => index);
}
