import type { WorkflowDefinition } from './definition.js';

/** One way from state to state: a transition, or where the rejection of its approval leads. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** Index of the transition it comes from. */
  readonly transition: number;
  readonly kind: 'transition' | 'rejection';
}

/** Every way an instance can move, in the order of the definition. */
export function edgesOf(definition: WorkflowDefinition): Edge[] {
  return definition.transitions.flatMap(({ from, to, requiresApproval }, transition) => {
    const edge: Edge = { from, to, transition, kind: 'transition' };
    const onRejected =
      requiresApproval?.level === 'AUTO' ? undefined : requiresApproval?.onRejected;
    if (onRejected === undefined) return [edge];
    return [edge, { from, to: onRejected, transition, kind: 'rejection' as const }];
  });
}

/** The states that can be reached from the given ones, these included. */
export function reachableFrom(starts: Iterable<string>, edges: readonly Edge[]): Set<string> {
  return spread(
    starts,
    Map.groupBy(edges, (edge) => edge.from),
    (edge) => edge.to,
  );
}

/** The states that can reach one of the given ones, these included. */
export function reaching(ends: Iterable<string>, edges: readonly Edge[]): Set<string> {
  return spread(
    ends,
    Map.groupBy(edges, (edge) => edge.to),
    (edge) => edge.from,
  );
}

function spread(
  starts: Iterable<string>,
  edges: ReadonlyMap<string, readonly Edge[]>,
  next: (edge: Edge) => string,
): Set<string> {
  const seen = new Set(starts);
  // A set that grows while it is walked: each state is visited once.
  for (const state of seen) {
    for (const edge of edges.get(state) ?? []) seen.add(next(edge));
  }
  return seen;
}

/** The states on a cycle of these edges: those that can reach themselves again. */
export function onCycle(edges: readonly Edge[]): Set<string> {
  const byFrom = Map.groupBy(edges, (edge) => edge.from);
  const cyclic = [...byFrom].filter(([state, outgoing]) => {
    const successors = outgoing.map((edge) => edge.to);
    return spread(successors, byFrom, (edge) => edge.to).has(state);
  });
  return new Set(cyclic.map(([state]) => state));
}
