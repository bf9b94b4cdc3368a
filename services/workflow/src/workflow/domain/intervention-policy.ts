import { ExpressionError } from '@countersign/expressions';
import type { JsonObject } from '@countersign/kernel';
import {
  administratorsOf,
  type ApprovalPolicy,
  approvalsNeeded,
  type CompiledDefinition,
  fewestPeople,
  levelOf,
  levelToEnter,
  roundsOf,
  SMALLEST_COMMITTEE,
  strengthOf,
  type WorkflowDefinition,
} from '@countersign/state-machine';

import type { ExistingWorkflow, Intervention, KeptProtection } from './state.js';

/**
 * Who has to agree to putting an instance into a state: as many administrators as any one approval takes that leads there,
 * or to what can be reached from there without another; and as all those together that it gets round on the way.
 *
 * @param jumped people whom the approvals on the way would have taken, as `peopleJumped`
 * @param kept protections of other versions that the instance has followed
 */
export function interventionPolicy(
  { definition }: CompiledDefinition,
  to: string,
  jumped = 0,
  kept: readonly KeptProtection[] = [],
): ApprovalPolicy {
  const known = kept.filter(({ state }) => definition.states.some(({ name }) => name === state));
  const level = levelToEnter(protectedToo(definition, known), to);
  const largest = Math.max(
    largestCommittee(definition),
    ...known.map(({ people: asked }) => asked),
  );
  const committee = level === 'COMMITTEE' ? largest : 0;
  const people = Math.max(jumped, committee || approvalsNeeded({ level }));
  const approvers = [...administratorsOf(definition)];
  if (committee > 0 || people > 2) return { level: 'COMMITTEE', quorum: people, approvers };
  return { level: people === 2 ? 'DUAL' : 'SINGLE', approvers };
}

/** A definition with protections beside its own. */
function protectedToo(
  definition: WorkflowDefinition,
  known: readonly KeptProtection[],
): WorkflowDefinition {
  const { protected: own = [] } = definition;
  return {
    ...definition,
    protected: [...own, ...known.map(({ state, level }) => ({ state, level }))],
  };
}

/** What a version protects, and those before it that an instance has followed: the strongest of each state. */
export function keptProtections(
  { definition }: CompiledDefinition,
  before: readonly KeptProtection[],
): KeptProtection[] {
  const strongestOf = new Map<string, KeptProtection>();
  const own = (definition.protected ?? []).map(({ state, level }) => {
    const people =
      level === 'COMMITTEE' ? largestCommittee(definition) : approvalsNeeded({ level });
    return { state, level, people };
  });
  for (const each of [...before, ...own]) {
    const known = strongestOf.get(each.state);
    const isStronger =
      known === undefined ||
      strengthOf(each.level) > strengthOf(known.level) ||
      (each.level === known.level && each.people > known.people);
    if (isStronger) strongestOf.set(each.state, each);
  }
  return [...strongestOf.values()];
}

/**
 * How many people the approvals take that nobody could have avoided on the way to a state, as `fewestPeople`: by
 * transitions whose condition may hold in the present context, if there is such a way; from the initial state, if none leads
 * there from here.
 */
function peopleJumped(
  compiled: CompiledDefinition,
  from: string,
  to: string,
  context: JsonObject,
): number {
  const { definition } = compiled;
  const isOpen = (index: number) => mayHold(compiled, index, context);
  return (
    fewestPeople(definition, from, to, isOpen) ??
    fewestPeople(definition, definition.initial, to, isOpen) ??
    fewestPeople(definition, from, to) ??
    fewestPeople(definition, definition.initial, to) ??
    0
  );
}

/** One that cannot be evaluated is no way on. */
function mayHold(compiled: CompiledDefinition, index: number, context: JsonObject): boolean {
  const { from = '' } = compiled.definition.transitions[index] ?? {};
  const transition = compiled.outgoing(from).find((each) => each.index === index);
  if (!transition || transition.usesInput) return true;
  try {
    return transition.holds(context);
  } catch (error) {
    if (error instanceof ExpressionError) return false;
    throw error;
  }
}

/**
 * Who has to agree to a migration: the administrators by the definition that the instance follows now. As many as by
 * either definition, and as every protection takes that the other one does not have, of the version that is left and of
 * all that the instance has followed before.
 */
export function migrationPolicy(
  from: CompiledDefinition,
  target: CompiledDefinition,
  { state, context, protections }: Pick<ExistingWorkflow, 'state' | 'context' | 'protections'>,
  to: string,
): ApprovalPolicy {
  const { protected: theirs = [] } = target.definition;
  const kept = keptProtections(from, protections);
  const lost = kept.filter(
    ({ state: guarded, level }) =>
      knows(target, guarded) &&
      !theirs.some(
        (other) => other.state === guarded && strengthOf(other.level) >= strengthOf(level),
      ),
  );
  // Where one of the two does not know both states, the other one's names may be others for the same.
  const jumpedBy = (by: CompiledDefinition) =>
    knows(by, state) && knows(by, to) ? peopleJumped(by, state, to, context) : 0;
  const policies = [
    ...(knows(from, to) ? [interventionPolicy(from, to, jumpedBy(from), kept)] : []),
    ...lost.map((each) =>
      knows(from, each.state)
        ? interventionPolicy(from, each.state, 0, kept)
        : interventionPolicy(target, each.state, 0, kept),
    ),
  ];
  const most = strongest(interventionPolicy(target, to, jumpedBy(target), kept), policies);
  return { ...most, approvers: [...administratorsOf(from.definition)] };
}

/** Whether a definition has a state. */
export function knows({ definition }: CompiledDefinition, state: string): boolean {
  return definition.states.some(({ name }) => name === state);
}

/** The policy of the highest level, and of the largest committee among several of that. */
export function strongest(
  first: ApprovalPolicy,
  others: readonly ApprovalPolicy[],
): ApprovalPolicy {
  const strength = (policy: ApprovalPolicy) => strengthOf(levelOf(policy));
  const size = ({ quorum }: ApprovalPolicy) => (typeof quorum === 'number' ? quorum : 0);
  return others.reduce(
    (most, other) =>
      strength(other) > strength(most) ||
      (strength(other) === strength(most) && size(other) > size(most))
        ? other
        : most,
    first,
  );
}

/** As many people as any committee of the definition. */
function largestCommittee({ transitions }: WorkflowDefinition): number {
  const quorums = transitions.flatMap(({ requiresApproval }) =>
    requiresApproval === undefined ? [] : roundsOf(requiresApproval).map(({ quorum }) => quorum),
  );
  return Math.max(SMALLEST_COMMITTEE, ...quorums.filter((quorum) => typeof quorum === 'number'));
}

/** A reset gets round nothing: the instance has been there, by the approvals that led there. */
export function policyFor(
  current: ExistingWorkflow,
  {
    kind,
    to,
    target,
  }: Pick<Intervention, 'kind' | 'to'> & {
    readonly target?: { readonly compiled: CompiledDefinition };
  },
  definition: CompiledDefinition,
): ApprovalPolicy {
  if (target) return migrationPolicy(definition, target.compiled, current, to);
  const { state, context, protections } = current;
  const jumped = kind === 'reset' ? 0 : peopleJumped(definition, state, to, context);
  return interventionPolicy(definition, to, jumped, protections);
}
