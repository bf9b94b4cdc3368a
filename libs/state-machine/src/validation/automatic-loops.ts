import { assume, evaluate, type Fact, type Facts } from '../analysis/facts.js';
import type { Model, Move } from '../analysis/model.js';
import { findWays } from '../analysis/search.js';
import { UsefulCells } from '../analysis/useful-cells.js';
import { actionsOf } from '../action.js';
import type { StateDefinition } from '../definition.js';
import { error, type Finding, type PathStep, warning } from '../finding.js';
import { components, isImmediate, shortestWays, stepOf, wayTo } from '../graph.js';

/** Moves that the search for circles may try; beyond that a circle counts as possible. */
const BOUND = 50_000;

/**
 * Circles of automatic transitions, which an instance runs through without a person or a clock. A circle is certain when
 * each of its transitions is the first of its state and always holds, be it because the state's entry actions set what it
 * asks for; otherwise it is possible, unless the conditions on it exclude each other.
 */
export function checkAutomaticLoops(model: Model): Finding[] {
  const { definition, moves } = model;
  const { transitions, states } = definition;
  const entry = new Map(states.map((state) => [state.name, factsOfEntry(model, state)]));
  const verdicts = new Map(
    model.competitions.flatMap((group) =>
      group.map((index, place) => [index, holds(model, entry, index, place === 0)] as const),
    ),
  );
  const immediate = moves.filter(({ kind, transition: index }) => {
    const transition = index === undefined ? undefined : transitions[index];
    const made = kind === 'transition' || kind === 'rejection';
    return made && transition !== undefined && isImmediate(transition);
  });
  const verdict = ({ transition = -1 }: Move) => verdicts.get(transition);
  const certain = circles(
    model,
    immediate.filter((move) => verdict(move) === 'always'),
  );
  const possible = immediate.filter((move) => verdict(move) !== 'never');
  const budget = { left: BOUND };
  const turns = new Map<string, readonly PathStep[]>();
  for (const [state, way] of circles(model, possible)) {
    if (certain.has(state) || returns(model, way, state, budget)) {
      turns.set(
        state,
        way.turn().map((move) => stepOf(definition, move)),
      );
    }
  }
  return states.flatMap(({ name }, index) => {
    const turn = turns.get(name);
    if (turn === undefined) return [];
    const path = `/states/${index}`;
    const finding = certain.has(name)
      ? error('automatic.loop', path, `${name} leads back to itself and nothing stops it`)
      : warning('automatic.loop', path, `${name} may lead back to itself without end`);
    return [turn.length === 0 ? finding : { ...finding, counterexample: turn }];
  });
}

/** Circles that are shown; of the others the states are named. */
const MOST_SHOWN = 20;

interface Circle {
  /** The moves among the states that lead back to themselves through each other. */
  readonly inside: readonly Move[];
  /** Of those moves; made once, because it takes long where there are many. */
  useful(): UsefulCells;
  /** The shortest way round, for the states that are shown. */
  turn(): readonly Move[];
}

/** The states that lead back to themselves. */
function circles({ cells }: Model, moves: readonly Move[]): Map<string, Circle> {
  const found = new Map<string, Circle>();
  for (const component of components(moves)) {
    const members = new Set(component);
    const inside = moves.filter(({ from, to }) => members.has(from) && members.has(to));
    let made: UsefulCells | undefined;
    const useful = (): UsefulCells => (made ??= new UsefulCells(cells, inside));
    for (const state of component) {
      const shown = found.size < MOST_SHOWN;
      const turn = (): Move[] =>
        shown ? (wayTo(shortestWays(state, inside), state, state) as Move[]) : [];
      found.set(state, { inside, useful, turn });
    }
  }
  return found;
}

/** Whether a state can be come back to without conditions that contradict each other on the way. */
function returns(model: Model, circle: Circle, state: string, budget: { left: number }): boolean {
  if (budget.left <= 0) return true;
  const back = `back in ${state}`;
  const turned = circle.inside.map((move) => (move.to === state ? { ...move, to: back } : move));
  return findWays(model, turned, [{ state }], new Set([back]), budget, circle.useful()).has(back);
}

/** Whether an automatic transition is taken whenever its state is entered. */
function holds(
  model: Model,
  entry: ReadonlyMap<string, Facts>,
  index: number,
  first: boolean,
): 'always' | 'never' | 'perhaps' {
  const transition = model.definition.transitions[index];
  const condition = model.conditions[index];
  const facts = entry.get(transition?.from ?? '') ?? new Map<number, Fact>();
  const value = condition === undefined ? undefined : evaluate(facts, condition);
  if (value === false) return 'never';
  // Its rule may reject it.
  if (!first || transition?.requiresApproval?.rule !== undefined) return 'perhaps';
  return model.unconditional(index) || value === true ? 'always' : 'perhaps';
}

const CONSTANT = /^(true|false|null|-?\d{1,15}|-?\d{1,10}\.\d{1,4}|"[^"\\]*")$/;

/** What entry actions set to constants and do not change again. */
function factsOfEntry({ cells }: Model, { onEntry }: StateDefinition): Facts {
  const facts = new Map<number, Fact>();
  const values = new Map<string, string>();
  for (const action of actionsOf(onEntry)) {
    if (action.type !== 'assign') continue;
    const set = Object.entries(action.values);
    // One that cannot be worked out leaves all of them as they were.
    const certain = set.every(([, value]) => CONSTANT.test(value));
    for (const [field, value] of set) {
      if (certain) values.set(field, value);
      else values.delete(field);
    }
  }
  for (const [field, value] of values) {
    const term = `context.${field}`;
    const constant = JSON.parse(value) as number | string | boolean | null;
    const comparison = { term, op: '==' as const, constant };
    assume(facts, cells.formula({ kind: 'atom', text: term, reads: [term], comparison }), true);
  }
  return facts;
}
