import type { Model } from '../analysis/model.js';
import { error, type Finding } from '../finding.js';
import { reachableFrom, reaching, shortestWays, stepOf, wayTo } from '../graph.js';

/** Dead ends that are shown with a way to them; the others are named. */
const MOST_SHOWN = 20;

/** States that no instance gets to, and states that it cannot get to an end from. */
export function checkReachability({ definition, edges }: Model): Finding[] {
  const { initial, states } = definition;
  const finals = states.filter((state) => state.final !== undefined);
  const noEnd = finals.length === 0;
  const reached = reachableFrom([initial], edges);
  const ending = reaching(
    finals.map((state) => state.name),
    edges,
  );
  const ways = shortestWays(initial, edges);
  let shown = 0;
  const missing = error(
    'final.missing',
    '/states',
    'no state is final: no instance would ever end',
  );
  const places = states.flatMap(({ name }, index) => {
    const path = `/states/${index}`;
    if (!reached.has(name)) {
      return [error('state.unreachable', path, `nothing leads from the start to ${name}`)];
    }
    if (noEnd || ending.has(name)) return [];
    const finding = error('state.dead-end', path, `nothing leads from ${name} to an end`);
    if (++shown > MOST_SHOWN) return [finding];
    const way = name === initial ? [] : wayTo(ways, initial, name);
    return [{ ...finding, counterexample: way.map((edge) => stepOf(definition, edge)) }];
  });
  return noEnd ? [missing, ...places] : places;
}
