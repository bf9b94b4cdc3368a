import { levelOf } from './approval-policy.js';
import type { TransitionDefinition, WorkflowDefinition } from './definition.js';
import { type DrawnEdge, type DrawnNode, drawingOf } from './drawing.js';
import { mermaidOf } from './mermaid.js';

/** Where a state leads. */
export interface AdjacentState {
  readonly event: string;
  readonly to: string;
  readonly trigger: TransitionDefinition['trigger'];
  /** Level of the approval on the way. */
  readonly approval?: string;
}

/** A definition as a picture. */
export interface Visualization {
  /** For every state, final ones too, where its transitions lead, in the order of the definition. */
  readonly adjacency: Readonly<Record<string, readonly AdjacentState[]>>;
  /** A Mermaid state diagram. */
  readonly mermaid: string;
  /** States in the order of the definition, each with its layer and its place in it. */
  readonly nodes: readonly DrawnNode[];
  /** Transitions, where rejections lead, then where timeouts do. */
  readonly edges: readonly DrawnEdge[];
}

/** Draws a definition. Names of states that do not exist are drawn as they stand. */
export function visualize(definition: WorkflowDefinition): Visualization {
  return {
    adjacency: adjacencyOf(definition),
    mermaid: mermaidOf(definition),
    ...drawingOf(definition),
  };
}

function adjacencyOf(definition: WorkflowDefinition): Visualization['adjacency'] {
  const byFrom = Map.groupBy(definition.transitions, (transition) => transition.from);
  const names = new Set([...definition.states.map((state) => state.name), ...byFrom.keys()]);
  return Object.fromEntries(
    [...names].map((name) => [name, (byFrom.get(name) ?? []).map(adjacent)]),
  );
}

function adjacent({ event, to, trigger, requiresApproval }: TransitionDefinition): AdjacentState {
  const base = { event, to, trigger };
  return requiresApproval === undefined ? base : { ...base, approval: levelOf(requiresApproval) };
}
