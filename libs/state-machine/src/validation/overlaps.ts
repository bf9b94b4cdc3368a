import type { Model } from '../analysis/model.js';
import { type Assumption, satisfiable } from '../analysis/satisfiable.js';
import { triggerKind } from '../definition.js';
import { type Finding, info, warning } from '../finding.js';

/** Pairs of conditions that are compared; beyond that the answer is "not proven". */
const MOST_PAIRS = 5_000;

/**
 * Competing transitions whose conditions can hold at the same time: the first is taken, so that their order matters. Whether
 * they can is answered for comparisons with constants; otherwise the answer is `condition.overlap-not-proven`.
 */
export function checkOverlaps(model: Model): Finding[] {
  const budget = { left: MOST_PAIRS };
  const findings = model.competitions.flatMap((group) => {
    const conditional = group.filter((index) => model.conditions[index] !== undefined);
    return conditional.flatMap((index, place) =>
      overlap(model, index, conditional.slice(0, place), budget),
    );
  });
  if (budget.left >= 0) return findings;
  const message = 'not proven whether further conditions can hold together: too many to compare';
  return [...findings, info('condition.overlap-not-proven', '/transitions', message)];
}

function overlap(
  model: Model,
  index: number,
  earlier: readonly number[],
  budget: { left: number },
): Finding[] {
  const path = `/transitions/${index}/condition`;
  let unknown: number | undefined;
  for (const other of earlier) {
    if (budget.left-- <= 0) return [];
    const answer = ask(model, [...holding(model, index), ...holding(model, other)]);
    if (answer === 'yes') {
      const message = `holds at times together with that of /transitions/${other}, which comes first`;
      return [info('condition.overlap', path, message)];
    }
    if (answer === 'unknown') unknown ??= other;
  }
  if (unknown === undefined) return [];
  const message = `not proven whether it can hold together with that of /transitions/${unknown}, which comes first`;
  return [info('condition.overlap-not-proven', path, message)];
}

/**
 * States that are left by automatic transitions only, while none of their conditions may hold: an instance would be stuck
 * there. Only where that can be decided.
 */
export function checkGaps(model: Model): Finding[] {
  const { definition, byFrom } = model;
  const leads = typeof definition.autoEscalate === 'object' && definition.timeout !== undefined;
  return definition.states.flatMap(({ name, final, timeout }, index) => {
    const leaving = byFrom.get(name) ?? [];
    if (final !== undefined || timeout !== undefined || leads || leaving.length === 0) return [];
    const gap: Assumption[] = [];
    for (const transition of leaving) {
      const trigger = definition.transitions[transition]?.trigger ?? 'manual';
      const condition = model.conditions[transition];
      if (triggerKind(trigger) !== 'automatic' || condition === undefined) return [];
      gap.push([condition, false]);
    }
    const path = `/states/${index}`;
    switch (ask(model, gap)) {
      case 'no':
        return [];
      case 'yes':
        return [
          warning('condition.gap', path, `an instance stays in ${name} when no condition holds`),
        ];
      case 'unknown': {
        const message = `not proven that one of the conditions that lead out of ${name} always holds`;
        return [info('condition.gap-not-proven', path, message)];
      }
    }
  });
}

const holding = (model: Model, index: number): Assumption[] => {
  const condition = model.conditions[index];
  return condition === undefined ? [] : [[condition, true]];
};

const ask = (model: Model, assumptions: readonly Assumption[]): 'yes' | 'no' | 'unknown' =>
  satisfiable(assumptions, (cells) => model.cells.independent(cells));
