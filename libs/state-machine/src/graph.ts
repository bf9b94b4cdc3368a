import { levelOf } from './approval-policy.js';
import { triggerKind, type WorkflowDefinition } from './definition.js';
import type { PathStep } from './finding.js';

/** One way from state to state that an instance can go without being forced. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** The transition's event, or what else moves the instance. */
  readonly event: string;
  /** `rejection`: where that of a transition's approval leads. `escalation`: at the timeout of the whole. */
  readonly kind: 'transition' | 'rejection' | 'timeout' | 'escalation';
  /** Index of the transition; undefined for timeouts and escalations. */
  readonly transition?: number;
}

/** Every way an instance can move: of the transitions in their order, of the states' timeouts, of `autoEscalate`. */
export function edgesOf(definition: WorkflowDefinition): Edge[] {
  const { transitions, states, timeout, autoEscalate } = definition;
  const edges = transitions.flatMap(({ from, to, event, requiresApproval }, transition) => {
    const edge: Edge = { from, to, event, transition, kind: 'transition' };
    // Nobody rejects at level AUTO, but its rule may.
    const rejects = requiresApproval?.level !== 'AUTO' || requiresApproval.rule !== undefined;
    const onRejected = rejects ? requiresApproval?.onRejected : undefined;
    if (onRejected === undefined) return [edge];
    return [edge, { ...edge, to: onRejected, kind: 'rejection' as const }];
  });
  for (const state of states) {
    if (state.final !== undefined) continue;
    const from = state.name;
    if (state.timeout !== undefined) {
      edges.push({ from, to: state.timeout.to, event: 'timeout', kind: 'timeout' });
    }
    if (timeout !== undefined && typeof autoEscalate === 'object') {
      edges.push({ from, to: autoEscalate.to, event: 'autoEscalate', kind: 'escalation' });
    }
  }
  return edges;
}

/** Whether a transition is made by the engine at once, without a person or a clock. */
export function isImmediate({
  trigger,
  requiresApproval,
}: WorkflowDefinition['transitions'][number]): boolean {
  const waits = requiresApproval !== undefined && levelOf(requiresApproval) !== 'AUTO';
  return triggerKind(trigger) === 'automatic' && !waits;
}

/** An edge as a step of a way that is shown. */
export function stepOf(
  { transitions }: WorkflowDefinition,
  { from, to, event, kind, transition }: Edge,
): PathStep {
  const policy = transition === undefined ? undefined : transitions[transition]?.requiresApproval;
  // A rejected approval is none.
  const crossed = kind === 'transition' && policy !== undefined ? levelOf(policy) : undefined;
  return { from, to, event, by: kind, ...(crossed === undefined ? {} : { approval: crossed }) };
}

/** The shortest ways from a state to every state that it leads to, as the last edge of each. */
export function shortestWays(start: string, edges: readonly Edge[]): ReadonlyMap<string, Edge> {
  const byFrom = Map.groupBy(edges, (edge) => edge.from);
  const last = new Map<string, Edge>();
  const seen = new Set([start]);
  for (const state of seen) {
    for (const edge of byFrom.get(state) ?? []) {
      if (!last.has(edge.to)) last.set(edge.to, edge);
      seen.add(edge.to);
    }
  }
  return last;
}

/** The way to a state from the start of `shortestWays`. To the start itself it is the way round, if there is one. */
export function wayTo(ways: ReadonlyMap<string, Edge>, start: string, state: string): Edge[] {
  const way: Edge[] = [];
  let at = state;
  do {
    const edge = ways.get(at);
    if (edge === undefined) break;
    way.push(edge);
    at = edge.from;
  } while (at !== start);
  return way.reverse();
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

/**
 * The strong components with a cycle: groups of states that can all reach each other, or one that leads to itself.
 * Tarjan's algorithm, with a stack of its own, because definitions are deeper than a call stack likes.
 */
export function components(edges: readonly Edge[]): string[][] {
  const byFrom = Map.groupBy(edges, (edge) => edge.from);
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const inOpen = new Set<string>();
  const found: string[][] = [];
  for (const start of byFrom.keys()) {
    if (order.has(start)) continue;
    const calls = [{ state: start, next: 0 }];
    for (let call = calls.at(-1); call !== undefined; call = calls.at(-1)) {
      const { state } = call;
      if (call.next === 0 && !order.has(state)) {
        order.set(state, order.size);
        low.set(state, order.size - 1);
        open.push(state);
        inOpen.add(state);
      }
      const edge = byFrom.get(state)?.[call.next++];
      if (edge === undefined) {
        calls.pop();
        close(state);
        const caller = calls.at(-1);
        if (caller) lower(caller.state, low.get(state));
      } else if (!order.has(edge.to)) {
        calls.push({ state: edge.to, next: 0 });
      } else if (inOpen.has(edge.to)) {
        lower(state, order.get(edge.to));
      }
    }
  }
  return found;

  function lower(state: string, to = Infinity): void {
    low.set(state, Math.min(low.get(state) ?? Infinity, to));
  }

  function close(state: string): void {
    if (low.get(state) !== order.get(state)) return;
    const group = open.splice(open.lastIndexOf(state));
    for (const member of group) inOpen.delete(member);
    const loops = byFrom.get(state)?.some(({ to }) => to === state) ?? false;
    if (group.length > 1 || loops) found.push(group);
  }
}
