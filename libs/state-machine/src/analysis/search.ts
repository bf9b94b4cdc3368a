import type { PathStep } from '../finding.js';
import { assume, entails, type Fact, type Facts, factsKey, NO_FACTS } from './facts.js';
import type { Model, Move } from './model.js';
import { changes, UsefulCells } from './useful-cells.js';

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
 * @param useful of a graph that these moves are a part of, for whoever searches it again and again
 */
export function findWays(
  model: Model,
  moves: readonly Move[],
  starts: readonly Start[],
  wanted: ReadonlySet<string>,
  budget: { left: number },
  useful = new UsefulCells(model.cells, moves),
): Map<string, Found> {
  const byFrom = Map.groupBy(moves, (move) => move.from);
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
      const keeps = useful.any(move.to) ? (cell: number) => useful.keeps(move, cell) : undefined;
      const facts = after(place.facts, move, keeps);
      if (facts !== undefined) visit({ state: move.to, facts, from: place, by: move });
    }
  }
  return found;
}

/** What is known after a move; undefined when it cannot be made. */
function after(
  before: Facts,
  move: Move,
  keeps: ((cell: number) => boolean) | undefined,
): Facts | undefined {
  const { assumptions } = move;
  const facts = new Map<number, Fact>(before);
  // A second look: what the later ones establish may settle a choice of the earlier ones.
  for (let round = 0; round < Math.min(2, assumptions.length); round++) {
    for (const [formula, truth] of assumptions) {
      if (!assume(facts, formula, truth)) return undefined;
    }
  }
  if (keeps === undefined) return NO_FACTS;
  for (const cell of facts.keys()) if (!keeps(cell)) facts.delete(cell);
  return facts;
}

/** Whether no condition on a way contradicts what those before established. */
export function isConsistent(model: Model, way: readonly Move[]): boolean {
  let facts: Facts | undefined = NO_FACTS;
  for (const move of way) {
    facts = after(facts, move, (cell) => !changes(model.cells, move.assigns, cell));
    if (facts === undefined) return false;
  }
  return true;
}

function wayTo(place: Place): (Move | PathStep)[] {
  const way: (Move | PathStep)[] = [];
  for (let at: Place | undefined = place; at !== undefined; at = at.from) {
    if (at.by !== undefined) way.push(at.by);
  }
  return way.reverse();
}
