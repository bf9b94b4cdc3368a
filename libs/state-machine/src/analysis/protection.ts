import {
  type ApprovalPolicy,
  approvalsNeeded,
  levelOf,
  roundsOf,
  strengthOf,
} from '../approval-policy.js';
import type { WorkflowDefinition } from '../definition.js';
import { type Edge, edgesOf, reachableFrom } from '../graph.js';

/** A level at which people approve, in ascending strength. */
export const LEVELS = ['SINGLE', 'DUAL', 'COMMITTEE'] as const;
export type PersonalLevel = (typeof LEVELS)[number];

/** A state that nobody should get to without an approval, and why. */
export interface ProtectedState {
  readonly state: string;
  readonly level: PersonalLevel;
  /** Its place among the definition's `protected`; undefined for one that an approval leads to. */
  readonly declared?: number;
}

/** The people whom a COMMITTEE of administrators takes at least, and with it every approval of that level. */
export const SMALLEST_COMMITTEE = 2;

/**
 * Whether an approval is at least of a level: by its own level, and by the number of different people it takes for
 * certain. A COMMITTEE of one is no more than a SINGLE. AUTO is never enough: nobody looked.
 */
export function satisfies(policy: ApprovalPolicy | undefined, level: PersonalLevel): boolean {
  const given = policy === undefined ? 'AUTO' : levelOf(policy);
  if (policy === undefined || given === 'AUTO' || strengthOf(given) < strengthOf(level))
    return false;
  return level === 'SINGLE' || peopleOf(policy) >= 2;
}

/**
 * How many different people approve at least; one person counts once across stages. A part of those who are named is
 * somebody at least: the others may have left.
 */
export function peopleOf(policy: ApprovalPolicy): number {
  return roundsOf(policy).reduce((sum, round) => sum + approvalsNeeded(round), 0);
}

/** The states that a definition declares to be protected, in its order. */
export function declaredProtections({
  protected: list = [],
}: WorkflowDefinition): ProtectedState[] {
  return list.map(({ state, level }, declared) => ({ state, level, declared }));
}

/**
 * The states that approvals lead to, without those that are declared at that level or a higher one; at the level of the
 * weakest of these approvals, or of the strongest. Not the initial state, where every instance begins without one.
 */
export function inferredProtections(
  definition: WorkflowDefinition,
  which: 'weakest' | 'strongest',
): ProtectedState[] {
  const levels = new Map<string, PersonalLevel>();
  for (const { to, requiresApproval } of definition.transitions) {
    const stated = requiresApproval === undefined ? 'AUTO' : levelOf(requiresApproval);
    if (stated === 'AUTO' || to === definition.initial) continue;
    const level = satisfies(requiresApproval, stated) ? stated : 'SINGLE';
    const known = levels.get(to);
    const replaces =
      known === undefined ||
      (which === 'weakest'
        ? strengthOf(level) < strengthOf(known)
        : strengthOf(level) > strengthOf(known));
    if (replaces) levels.set(to, level);
  }
  for (const { state, level } of definition.protected ?? []) {
    const inferred = levels.get(state);
    if (inferred !== undefined && strengthOf(inferred) <= strengthOf(level)) levels.delete(state);
  }
  return [...levels].map(([state, level]) => ({ state, level }));
}

/** The edges that an instance can take without an approval of at least this level. */
export function edgesBelow<E extends Edge>(
  definition: WorkflowDefinition,
  edges: readonly E[],
  level: PersonalLevel,
): E[] {
  return edges.filter(({ kind, transition }) => {
    // A rejection is no approval, whatever was asked for.
    if (kind !== 'transition' || transition === undefined) return true;
    return !satisfies(definition.transitions[transition]?.requiresApproval, level);
  });
}

/**
 * The level of the approval that forcing an instance into a state takes, and likewise migrating or resetting one: the
 * strongest among SINGLE and the level of every protected state, declared or inferred, that can be reached from there without
 * an approval of that level. The state itself is among them. An inferred one has the level of the strongest approval that
 * leads to it.
 *
 * With it, force is never a way around an approval: whatever it gets to without a further approval, it was itself approved
 * for. The engine asks the administrators for an approval of this level; for a COMMITTEE, of at least
 * `SMALLEST_COMMITTEE` (2) people.
 *
 * Conditions are not looked at: the context may change before the instance goes on.
 *
 * @param state a state of the definition
 */
export function levelToEnter(definition: WorkflowDefinition, state: string): PersonalLevel {
  return levelsToEnter(definition)(state);
}

/** `levelToEnter` for many states of one definition. */
export function levelsToEnter(definition: WorkflowDefinition): (state: string) => PersonalLevel {
  const protections = [
    ...declaredProtections(definition),
    ...inferredProtections(definition, 'strongest'),
  ];
  const edges = edgesOf(definition).map((edge) => ({ ...edge, from: edge.to, to: edge.from }));
  const guarded = [...LEVELS].reverse().map((level) => {
    const states = protections.filter((each) => each.level === level).map((each) => each.state);
    // Backwards: the states from which one of these can be reached.
    return { level, states: reachableFrom(states, edgesBelow(definition, edges, level)) };
  });
  return (state) => guarded.find(({ states }) => states.has(state))?.level ?? 'SINGLE';
}
