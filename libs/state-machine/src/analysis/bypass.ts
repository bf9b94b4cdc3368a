import type { Finding } from '../finding.js';
import { reachableFrom, reaching, shortestWays, stepOf, wayTo } from '../graph.js';
import type { Model, Move } from './model.js';
import {
  declaredProtections,
  edgesBelow,
  inferredProtections,
  LEVELS,
  levelsToEnter,
  type PersonalLevel,
  type ProtectedState,
} from './protection.js';
import { findWays, type Found, isConsistent, type Start } from './search.js';

const DEFAULT_BOUND = 200_000;

/** Steps of counterexamples that warnings show altogether; what is beyond goes without. */
const MOST_STEPS_OF_WARNINGS = 2_000;

/**
 * The approval-bypass proof: for every protected state, the shortest way from the start that avoids an approval of at
 * least its level, over transitions of every kind, rejections, timeouts, escalation, force, migration and reset.
 *
 * - Declared states give errors; those that an approval leads to give warnings.
 * - No finding is a proof, for every context and whatever signals and people send.
 * - Conditions are followed as far as they are compared with constants or repeat each other; a way whose
 *   conditions contradict each other is none. A way that is reported exists in the definition; its conditions may still
 *   exclude each other in a way that is not understood.
 * - Beyond the bound the answer is `approval.not-proven`.
 */
export function checkBypass(model: Model): Finding[] {
  const { definition, options } = model;
  const budget = { left: options.bound ?? DEFAULT_BOUND };
  const declared = prove(model, declaredProtections(definition), budget);
  const inferred = prove(model, inferredProtections(definition, 'weakest'), budget);
  let shown = 0;
  const trimmed = inferred.map((finding) => {
    shown += finding.counterexample?.length ?? 0;
    if (shown <= MOST_STEPS_OF_WARNINGS) return finding;
    const { code, severity, path, message } = finding;
    return { code, severity, path, message };
  });
  return [...declared, ...trimmed];
}

function prove(
  model: Model,
  protections: readonly ProtectedState[],
  budget: { left: number },
): Finding[] {
  const findings = LEVELS.flatMap((level) => {
    const targets = protections.filter((each) => each.level === level);
    return targets.length === 0 ? [] : proveLevel(model, level, targets, budget);
  });
  // In the order in which the states stand in the definition.
  const order = new Map(findings.map(({ target, finding }) => [target, finding]));
  return protections.flatMap((target) => order.get(target) ?? []);
}

function proveLevel(
  model: Model,
  level: PersonalLevel,
  targets: readonly ProtectedState[],
  budget: { left: number },
): { target: ProtectedState; finding: Finding }[] {
  const { definition } = model;
  const moves = edgesBelow(definition, model.moves, level);
  const forced = forcedEntries(model, level, moves, targets);
  const starts = [{ state: definition.initial }, ...forced];
  // Most are proven without a look at conditions: no way leads there at all.
  const reached = reachableFrom(
    starts.map(({ state }) => state),
    moves,
  );
  const doubtful = targets.filter(({ state }) => reached.has(state));
  const found = shortWays(model, moves, doubtful);
  const wanted = new Set(doubtful.map(({ state }) => state).filter((state) => !found.has(state)));
  if (wanted.size > 0) {
    const leading = reaching(wanted, moves);
    const relevant = moves.filter(({ from, to }) => leading.has(from) && leading.has(to));
    for (const [state, way] of findWays(model, relevant, starts, wanted, budget)) {
      found.set(state, way);
    }
  }
  return doubtful.flatMap((target) => {
    const finding = findingFor(model, target, found.get(target.state));
    return finding === undefined ? [] : [{ target, finding }];
  });
}

/** Steps that are looked at for the short answer. */
const MOST_SHORT_STEPS = 20_000;

/** Of each state the way that is shortest whatever the conditions, where these do not contradict each other. */
function shortWays(
  model: Model,
  moves: readonly Move[],
  targets: readonly ProtectedState[],
): Map<string, Found> {
  const { initial } = model.definition;
  const ways = shortestWays(initial, moves);
  const found = new Map<string, Found>();
  let steps = 0;
  for (const { state } of targets) {
    const way = state === initial ? [] : (wayTo(ways, initial, state) as Move[]);
    steps += way.length;
    if (steps > MOST_SHORT_STEPS) break;
    if (isConsistent(model, way)) found.set(state, way);
  }
  return found;
}

/**
 * States that may be entered by force, migration or reset with a lesser approval, and lead to what is protected. There are
 * none, by the definition of `levelToEnter`; they are asked for so that the proof rests on what is and not on that.
 */
function forcedEntries(
  model: Model,
  level: PersonalLevel,
  moves: readonly Move[],
  targets: readonly ProtectedState[],
): Start[] {
  const leading = reaching(
    targets.map(({ state }) => state),
    moves,
  );
  const levelOfEntry = levelsToEnter(model.definition);
  return [...leading].flatMap((to) => {
    const approval = levelOfEntry(to);
    if (LEVELS.indexOf(approval) >= LEVELS.indexOf(level)) return [];
    const by = {
      from: model.definition.initial,
      to,
      event: 'force',
      by: 'force' as const,
      approval,
    };
    return [{ state: to, by }];
  });
}

function findingFor(
  model: Model,
  { state, level, declared }: ProtectedState,
  found: Found | undefined,
): Finding | undefined {
  if (found === undefined) return undefined;
  const index = model.definition.states.findIndex(({ name }) => name === state);
  const about = {
    severity: declared === undefined ? ('warning' as const) : ('error' as const),
    path: declared === undefined ? `/states/${index}` : `/protected/${declared}`,
  };
  if (found === 'not-proven') {
    const message = `not proven within the bound: whether ${state} can be reached without a ${level} approval`;
    return { code: 'approval.not-proven', ...about, message };
  }
  const steps = found.map((step) => ('by' in step ? step : stepOf(model.definition, step)));
  const way =
    steps.length === 0
      ? 'instances start there'
      : `${steps
          .map(({ event, to }) => `${event} to ${to}`)
          .slice(0, 5)
          .join(', ')}${steps.length > 5 ? ', ...' : ''}`;
  const message = `${state} can be reached without a ${level} approval: ${way}`;
  return { code: 'approval.bypass', ...about, message, counterexample: steps };
}
