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

import type { ExistingWorkflow, Intervention } from './state.js';

/**
 * Who has to agree to putting an instance into a state: as many administrators as any one approval takes that leads there,
 * or to what can be reached from there without another; and as all those together that it gets round on the way.
 *
 * @param jumped people whom the approvals on the way would have taken, as `peopleJumped`
 */
export function interventionPolicy(
  { definition }: CompiledDefinition,
  to: string,
  jumped = 0,
): ApprovalPolicy {
  const level = levelToEnter(definition, to);
  const committee = level === 'COMMITTEE' ? largestCommittee(definition) : 0;
  const people = Math.max(jumped, committee || approvalsNeeded({ level }));
  const approvers = [...administratorsOf(definition)];
  if (committee > 0 || people > 2) return { level: 'COMMITTEE', quorum: people, approvers };
  return { level: people === 2 ? 'DUAL' : 'SINGLE', approvers };
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
 * either definition, and as every protection takes that the other one no longer has.
 */
export function migrationPolicy(
  from: CompiledDefinition,
  target: CompiledDefinition,
  { state, context }: Pick<ExistingWorkflow, 'state' | 'context'>,
  to: string,
): ApprovalPolicy {
  const { protected: kept = [], states } = target.definition;
  const lost = (from.definition.protected ?? []).filter(
    ({ state: guarded, level }) =>
      states.some(({ name }) => name === guarded) &&
      !kept.some(
        (other) => other.state === guarded && strengthOf(other.level) >= strengthOf(level),
      ),
  );
  // Where one of the two does not know both states, the other one's names may be others for the same.
  const jumpedBy = (by: CompiledDefinition) =>
    knows(by, state) && knows(by, to) ? peopleJumped(by, state, to, context) : 0;
  const policies = [
    ...(knows(from, to) ? [interventionPolicy(from, to, jumpedBy(from))] : []),
    ...lost.map((protection) => interventionPolicy(from, protection.state)),
  ];
  const most = strongest(interventionPolicy(target, to, jumpedBy(target)), policies);
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
  const { state, context } = current;
  const jumped = kind === 'reset' ? 0 : peopleJumped(definition, state, to, context);
  return interventionPolicy(definition, to, jumped);
}
