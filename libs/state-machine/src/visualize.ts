import { levelOf } from './approval-policy.js';
import type { TransitionDefinition, WorkflowDefinition } from './definition.js';

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
  /** For every state, final ones too, where it leads, in the order of the definition. */
  readonly adjacency: Readonly<Record<string, readonly AdjacentState[]>>;
  /** A Mermaid state diagram. */
  readonly mermaid: string;
}

/** Draws a definition. Names of states that do not exist are drawn as they stand. */
export function visualize(definition: WorkflowDefinition): Visualization {
  return { adjacency: adjacencyOf(definition), mermaid: mermaidOf(definition) };
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

function mermaidOf(definition: WorkflowDefinition): string {
  // Mermaid's identifiers take fewer characters than names do, and some words are its own.
  const ids = new Map<string, string>();
  const lines = ['stateDiagram-v2'];
  const idOf = (name: string): string => {
    const known = ids.get(name);
    if (known !== undefined) return known;
    const id = `s${ids.size}`;
    ids.set(name, id);
    lines.push(`  state "${name}" as ${id}`);
    return id;
  };
  for (const state of definition.states) idOf(state.name);
  lines.push(`  [*] --> ${idOf(definition.initial)}`);
  for (const transition of definition.transitions) {
    const { from, to, requiresApproval } = transition;
    const [source, target] = [idOf(from), idOf(to)];
    lines.push(`  ${source} --> ${target}: ${labelOf(transition)}`);
    if (requiresApproval?.onRejected !== undefined) {
      lines.push(
        `  ${source} --> ${idOf(requiresApproval.onRejected)}: ${transition.event} rejected`,
      );
    }
  }
  for (const state of definition.states) {
    if (state.final !== undefined) lines.push(`  ${idOf(state.name)} --> [*]`);
  }
  return `${lines.join('\n')}\n`;
}

function labelOf({ event, trigger, condition, requiresApproval }: TransitionDefinition): string {
  const parts = [event];
  if (trigger === 'automatic') parts.push('(automatic)');
  // The condition itself may hold characters that end a label.
  if (condition !== undefined) parts.push('[if]');
  if (requiresApproval !== undefined) parts.push(`/ ${levelOf(requiresApproval)}`);
  return parts.join(' ');
}
