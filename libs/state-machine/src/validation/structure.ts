import type { StateDefinition, WorkflowDefinition } from '../definition.js';
import type { Model } from '../analysis/model.js';
import { error, type Finding, warning } from '../finding.js';

/** Names that are used twice, and names that stand for nothing. */
export function checkNames(definition: WorkflowDefinition): Finding[] {
  const findings: Finding[] = [];
  const { states, transitions, contextSchema, initial, autoEscalate } = definition;
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
  for (const [index, { timeout }] of states.entries()) {
    mustExist(timeout?.to, `/states/${index}/timeout/to`);
  }
  for (const [index, { state }] of (definition.protected ?? []).entries()) {
    mustExist(state, `/protected/${index}/state`);
  }
  if (typeof autoEscalate === 'object') mustExist(autoEscalate.to, '/autoEscalate/to');
  for (const [index, { from, to, requiresApproval }] of transitions.entries()) {
    mustExist(from, `/transitions/${index}/from`);
    mustExist(to, `/transitions/${index}/to`);
    mustExist(requiresApproval?.onRejected, `/transitions/${index}/requiresApproval/onRejected`);
  }
  return findings;
}

/** Final states that go on, and states whose list of allowed transitions disagrees with the transitions. */
export function checkStates({ definition }: Model): Finding[] {
  const byFrom = Map.groupBy(definition.transitions, (transition) => transition.from);
  return definition.states.flatMap((state, index) => {
    const targets = new Set((byFrom.get(state.name) ?? []).map((transition) => transition.to));
    const findings = checkAllowed(state, index, targets);
    return state.final === undefined
      ? findings
      : [...findings, ...checkFinal(state, index, targets)];
  });
}

/** An instance that has ended does nothing more. */
function checkFinal(
  { name, timeout, invoke, onExit }: StateDefinition,
  index: number,
  targets: ReadonlySet<string>,
): Finding[] {
  const path = `/states/${index}`;
  const findings: Finding[] = [];
  if (targets.size > 0) {
    findings.push(error('final.has-transitions', `${path}/final`, `${name} ends and goes on`));
  }
  if (timeout !== undefined) {
    findings.push(error('final.has-timeout', `${path}/timeout`, `${name} ends: nothing times out`));
  }
  if (invoke !== undefined) {
    findings.push(error('final.has-invoke', `${path}/invoke`, `${name} ends: nothing waits there`));
  }
  if (onExit !== undefined) {
    findings.push(warning('final.exit-unused', `${path}/onExit`, `${name} is never left`));
  }
  return findings;
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
