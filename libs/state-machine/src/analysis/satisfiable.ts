import { assume, evaluate, type Fact, type Facts, type Formula } from './facts.js';

/** A formula and whether it is to be true. */
export type Assumption = readonly [Formula, boolean];

/** Ways to make alternatives true that are looked at before the answer is "unknown". */
const MOST_BRANCHES = 256;

/**
 * Whether some context makes all of these so: `no` is certain, and so is `yes`, which is said only when everything
 * is about independent terms; anything else is `unknown`.
 *
 * @param independent whether cells can take their values without regard to each other
 */
export function satisfiable(
  assumptions: readonly Assumption[],
  independent: (cells: Iterable<number>) => boolean,
): 'yes' | 'no' | 'unknown' {
  const search = { branches: 0 };
  const found = explore(new Map(), assumptions, search, independent);
  if (found !== 'no') return found;
  return search.branches > MOST_BRANCHES ? 'unknown' : 'no';
}

function explore(
  facts: Map<number, Fact>,
  assumptions: readonly Assumption[],
  search: { branches: number },
  independent: (cells: Iterable<number>) => boolean,
): 'yes' | 'no' | 'unknown' {
  if (++search.branches > MOST_BRANCHES) return 'no';
  for (const [formula, truth] of assumptions) {
    if (!assume(facts, formula, truth)) return 'no';
  }
  const open = assumptions.flatMap((assumption) => openChoices(facts, assumption));
  const [choice] = open;
  if (choice === undefined) return independent(facts.keys()) ? 'yes' : 'unknown';
  let answer: 'no' | 'unknown' = 'no';
  for (const alternative of choice) {
    const found = explore(new Map(facts), [...assumptions, alternative], search, independent);
    if (found === 'yes') return 'yes';
    if (found === 'unknown') answer = 'unknown';
  }
  return answer;
}

/** Alternatives of which one has to be so and none is known to be yet. */
function openChoices(facts: Facts, [formula, truth]: Assumption): Assumption[][] {
  switch (formula.kind) {
    case 'constant':
    case 'cell':
      return [];
    case 'not':
      return openChoices(facts, [formula.part, !truth]);
    case 'and':
    case 'or': {
      const parts = formula.parts.map((part): Assumption => [part, truth]);
      if ((formula.kind === 'and') === truth) {
        return parts.flatMap((part) => openChoices(facts, part));
      }
      const decided = parts.find(([part]) => evaluate(facts, part) === truth);
      // It may be known as a whole only, with a choice of its own inside.
      if (decided !== undefined) return openChoices(facts, decided);
      return [parts.filter(([part]) => evaluate(facts, part) === undefined)];
    }
  }
}
