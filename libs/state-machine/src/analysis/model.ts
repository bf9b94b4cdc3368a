import { type Outline, outlineCondition } from '@countersign/expressions';
import { AppError } from '@countersign/kernel';

import { type Actions, actionsOf } from '../action.js';
import {
  conditionVariables,
  type TransitionDefinition,
  type WorkflowDefinition,
} from '../definition.js';
import { type Edge, edgesOf } from '../graph.js';
import type { ValidationOptions } from '../validation/options.js';
import { Cells } from './cells.js';
import type { Formula } from './facts.js';
import type { Assumption } from './satisfiable.js';

/** An edge with what has to hold for it to be taken, and what it may change. */
export interface Move extends Edge {
  readonly assumptions: readonly Assumption[];
  /** Members of the context that actions on the way may set, as `context.x`. */
  readonly assigns: ReadonlySet<string>;
}

/** Competitors that are looked at for what must have failed before a transition is taken. */
const MOST_COMPETITORS = 30;

/** A definition as the checks look at it: read once, for all of them. Every name stands for one thing. */
export class Model {
  readonly cells = new Cells();
  readonly edges: readonly Edge[];
  readonly byFrom: ReadonlyMap<string, readonly number[]>;
  /** By index of the transition: undefined without a condition, or with one that does not compile. */
  readonly conditions: readonly (Formula | undefined)[];
  /** Why conditions do not compile, by index of the transition. */
  readonly broken: ReadonlyMap<number, string>;
  /**
   * Transitions of which only one is taken at a time, in their order: the first whose condition holds.
   */
  readonly competitions: readonly (readonly number[])[];
  #moves: readonly Move[] | undefined;

  constructor(
    readonly definition: WorkflowDefinition,
    readonly options: ValidationOptions = {},
  ) {
    const { transitions } = definition;
    const broken = new Map<number, string>();
    this.edges = edgesOf(definition);
    this.conditions = transitions.map((transition, index) => {
      const outline = outlineOf(transition, (why) => broken.set(index, why));
      return outline === undefined ? undefined : this.cells.formula(outline);
    });
    this.broken = broken;
    const indexes = [...transitions.keys()];
    const transition = (index: number): TransitionDefinition =>
      transitions[index] as TransitionDefinition;
    this.byFrom = Map.groupBy(indexes, (index) => transition(index).from);
    this.competitions = [
      ...Map.groupBy(indexes, (index) => competition(transition(index), index)).values(),
    ];
  }

  /** Whether a transition is taken whenever nothing before it is. */
  unconditional(index: number): boolean {
    return this.definition.transitions[index]?.condition === undefined;
  }

  /** The edges, each with its conditions. */
  get moves(): readonly Move[] {
    return (this.#moves ??= this.#makeMoves());
  }

  /** What is known to be so when a transition is taken: its condition holds and those before it do not. */
  taken(index: number, earlier: readonly number[]): Assumption[] {
    const condition = this.conditions[index];
    const assumptions: Assumption[] = condition === undefined ? [] : [[condition, true]];
    for (const other of earlier) {
      if (this.unconditional(other)) return [[{ kind: 'constant', value: false }, true]];
    }
    for (const other of earlier) {
      const failed = this.conditions[other];
      if (failed !== undefined) assumptions.push([failed, false]);
    }
    return assumptions;
  }

  #makeMoves(): Move[] {
    const assumptions = new Map<number, Assumption[]>();
    for (const group of this.competitions) {
      const always = group.findIndex((index) => this.unconditional(index));
      for (const [place, index] of group.entries()) {
        const shadowed = always !== -1 && place > always;
        const earlier = shadowed
          ? group.slice(always, always + 1)
          : group.slice(0, Math.min(place, MOST_COMPETITORS));
        assumptions.set(index, this.taken(index, earlier));
      }
    }
    const states = new Map(this.definition.states.map((state) => [state.name, state]));
    return this.edges.map((edge) => {
      const transition =
        edge.transition === undefined ? undefined : this.definition.transitions[edge.transition];
      const assigns = new Set<string>([
        ...assigned(states.get(edge.from)?.onExit),
        ...assigned(edge.kind === 'transition' ? transition?.action : undefined),
        ...assigned(states.get(edge.to)?.onEntry),
      ]);
      const needed = edge.transition === undefined ? [] : assumptions.get(edge.transition);
      return { ...edge, assumptions: needed ?? [], assigns };
    });
  }
}

function outlineOf(
  transition: TransitionDefinition,
  fail: (why: string) => void,
): Outline | undefined {
  if (transition.condition === undefined) return undefined;
  try {
    return outlineCondition(transition.condition, conditionVariables(transition));
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    fail(cause.message);
    return undefined;
  }
}

/** Only one of the transitions with the same key is taken at a time; each of those after a duration has its own clock. */
function competition({ from, trigger, event }: TransitionDefinition, index: number): string {
  if (typeof trigger === 'object') {
    if ('after' in trigger) return `${from} after ${index}`;
    // Those that others may send do not compete.
    return `${from} signal ${trigger.signal} ${(trigger.senders ?? []).join(' ')}`;
  }
  return trigger === 'automatic' ? `${from} automatic` : `${from} manual ${event}`;
}

function assigned(actions: Actions | undefined): string[] {
  return actionsOf(actions).flatMap((action) =>
    action.type === 'assign' ? Object.keys(action.values).map((field) => `context.${field}`) : [],
  );
}
