import type { PathStep } from '../finding.js';
import {
  assume,
  entails,
  type Fact,
  type Facts,
  factsKey,
  type Formula,
  NO_FACTS,
} from './facts.js';
import type { Model, Move } from './model.js';

/** The shortest way to a state, or that the search was given up before it knew. */
export type Found = readonly (Move | PathStep)[] | 'not-proven';

/** A state to start from, and how an instance got there, unless it starts there itself. */
export interface Start {
  readonly state: string;
  readonly by?: PathStep | undefined;
}

/** A state with what is known about the context when an instance is there. */
interface Place {
  readonly state: string;
  readonly facts: Facts;
  readonly from: Place | undefined;
  readonly by: Move | PathStep | undefined;
}

/** Earlier places of a state that a new one is compared with; more would take longer than they save. */
const MOST_COMPARED = 40;

/**
 * The shortest ways to the wanted states, breadth first over states and what is known about the context. A way is given
 * up when what its conditions need contradicts what those before established and nothing has changed since.
 *
 * Sound: what is known is always true of every context that could be there, so no way is missed.
 *
 * @param starts where to start, with nothing known
 * @param budget moves that may be tried; what is used is taken off
 */
export function findWays(
  model: Model,
  moves: readonly Move[],
  starts: readonly Start[],
  wanted: ReadonlySet<string>,
  budget: { left: number },
): Map<string, Found> {
  const byFrom = Map.groupBy(moves, (move) => move.from);
  const useful = usefulCells(model, moves, byFrom);
  const known = new Map<string, { keys: Set<string>; first: Facts[] }>();
  const found = new Map<string, Found>();
  const queue: Place[] = [];

  const visit = (place: Place): void => {
    const { state, facts } = place;
    const seen = known.get(state) ?? { keys: new Set(), first: [] };
    known.set(state, seen);
    if (seen.first.some((other) => entails(facts, other))) return;
    const key = factsKey(facts);
    if (seen.keys.has(key)) return;
    seen.keys.add(key);
    if (seen.first.length < MOST_COMPARED) seen.first.push(facts);
    if (wanted.has(state) && !found.has(state)) found.set(state, wayTo(place));
    queue.push(place);
  };

  for (const { state, by } of starts) visit({ state, facts: NO_FACTS, from: undefined, by });
  for (let next = 0; next < queue.length; next++) {
    const place = queue[next] as Place;
    for (const move of byFrom.get(place.state) ?? []) {
      if (found.size === wanted.size) return found;
      if (budget.left-- <= 0) {
        for (const state of wanted) if (!found.has(state)) found.set(state, 'not-proven');
        return found;
      }
      const facts = after(model, place.facts, move, useful.get(move.to));
      if (facts !== undefined) visit({ state: move.to, facts, from: place, by: move });
    }
  }
  return found;
}

/** What is known after a move; undefined when it cannot be made. */
function after(
  model: Model,
  before: Facts,
  { assumptions, assigns }: Move,
  useful: ReadonlySet<number> | undefined,
): Facts | undefined {
  const facts = new Map<number, Fact>(before);
  // A second look: what the later ones establish may settle a choice of the earlier ones.
  for (let round = 0; round < Math.min(2, assumptions.length); round++) {
    for (const [formula, truth] of assumptions) {
      if (!assume(facts, formula, truth)) return undefined;
    }
  }
  if (useful === undefined || useful.size === 0) return NO_FACTS;
  for (const cell of facts.keys()) {
    if (!useful.has(cell) || changes(model, assigns, cell)) facts.delete(cell);
  }
  return facts;
}

/** Whether a cell may have another value after actions that set these members. */
function changes(model: Model, assigns: ReadonlySet<string>, cell: number): boolean {
  if (model.cells.passing(cell)) return true;
  if (assigns.size === 0) return false;
  return model.cells.reads(cell).some((read) => read === 'context' || assigns.has(read));
}

/** Cells that are followed at most; the others are forgotten at once, which is never wrong. */
const MOST_FOLLOWED = 500;

/** For each state the cells that some move further on asks about, before they may have changed. */
function usefulCells(
  model: Model,
  moves: readonly Move[],
  byFrom: ReadonlyMap<string, readonly Move[]>,
): Map<string, Set<number>> {
  const into = Map.groupBy(moves, (move) => move.to);
  const asked = new Map<number, Set<string>>();
  for (const [state, leaving] of byFrom) {
    for (const { assumptions } of leaving) {
      for (const [formula] of assumptions) {
        for (const cell of cellsOf(formula)) {
          const states = asked.get(cell);
          if (states) states.add(state);
          else if (asked.size < MOST_FOLLOWED) asked.set(cell, new Set([state]));
        }
      }
    }
  }
  const useful = new Map<string, Set<number>>();
  for (const [cell, states] of asked) {
    if (model.cells.passing(cell)) continue;
    for (const state of states) {
      const here = useful.get(state);
      if (here) here.add(cell);
      else useful.set(state, new Set([cell]));
      for (const move of into.get(state) ?? []) {
        if (!changes(model, move.assigns, cell)) states.add(move.from);
      }
    }
  }
  return useful;
}

function cellsOf(formula: Formula): number[] {
  switch (formula.kind) {
    case 'constant':
      return [];
    case 'not':
      return cellsOf(formula.part);
    case 'cell':
      return [formula.cell];
    default:
      return [formula.cell, ...formula.parts.flatMap(cellsOf)];
  }
}

function wayTo(place: Place): (Move | PathStep)[] {
  const way: (Move | PathStep)[] = [];
  for (let at: Place | undefined = place; at !== undefined; at = at.from) {
    if (at.by !== undefined) way.push(at.by);
  }
  return way.reverse();
}
