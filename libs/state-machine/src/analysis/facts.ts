import { type Comparison, decide, type Domain, domainKey, implies, narrow } from './domain.js';

/** A condition over numbered cells: each stands for a term or a part that is true or false. */
export type Formula =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'not'; readonly part: Formula }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Formula[]; readonly cell: number }
  | { readonly kind: 'cell'; readonly cell: number; readonly comparison?: Comparison };

/** What is known of one cell: whether it is true, or what its term may be. */
export type Fact = boolean | Domain;

/** What is known about a context, by cell. Knowing less is never wrong. */
export type Facts = ReadonlyMap<number, Fact>;

/** Nothing. */
export const NO_FACTS: Facts = new Map();

/** Whether a formula holds, does not, or may do either; one that cannot be answered counts as may. */
export function evaluate(facts: Facts, formula: Formula): boolean | undefined {
  switch (formula.kind) {
    case 'constant':
      return formula.value;
    case 'not': {
      const value = evaluate(facts, formula.part);
      return value === undefined ? undefined : !value;
    }
    case 'cell': {
      const fact = facts.get(formula.cell);
      if (typeof fact === 'boolean') return fact;
      return formula.comparison === undefined ? undefined : decide(fact, formula.comparison);
    }
    case 'and':
    case 'or': {
      const settling = formula.kind === 'or';
      let open = false;
      for (const part of formula.parts) {
        const value = evaluate(facts, part);
        if (value === settling) return settling;
        open ||= value === undefined;
      }
      if (!open) return !settling;
      const fact = facts.get(formula.cell);
      return typeof fact === 'boolean' ? fact : undefined;
    }
  }
}

/** Adds that a formula was found true, or false; false when that contradicts what is known. */
export function assume(facts: Map<number, Fact>, formula: Formula, truth: boolean): boolean {
  const known = evaluate(facts, formula);
  if (known !== undefined && known !== truth) return false;
  switch (formula.kind) {
    case 'constant':
      return true;
    case 'not':
      return assume(facts, formula.part, !truth);
    case 'cell': {
      if (formula.comparison === undefined) {
        facts.set(formula.cell, truth);
        return true;
      }
      const fact = facts.get(formula.cell);
      const domain = narrow(typeof fact === 'object' ? fact : undefined, formula.comparison, truth);
      if (domain === undefined) return false;
      facts.set(formula.cell, domain);
      return true;
    }
    case 'and':
    case 'or':
      return assumeAll(facts, formula, truth);
  }
}

function assumeAll(
  facts: Map<number, Fact>,
  formula: Extract<Formula, { kind: 'and' | 'or' }>,
  truth: boolean,
): boolean {
  if ((formula.kind === 'and') === truth) {
    return formula.parts.every((part) => assume(facts, part, truth));
  }
  // One part is `truth`, and which one is known only when it is the last that can be.
  const open = formula.parts.filter((part) => evaluate(facts, part) !== !truth);
  const [last] = open;
  if (last === undefined) return false;
  if (open.length === 1) return assume(facts, last, truth);
  if (!open.some((part) => evaluate(facts, part) === truth)) facts.set(formula.cell, truth);
  return true;
}

/** Whether whoever knows the first knows the second as well. */
export function entails(strong: Facts, weak: Facts): boolean {
  if (weak.size > strong.size) return false;
  for (const [cell, fact] of weak) {
    const other = strong.get(cell);
    if (other === undefined || typeof other !== typeof fact) return false;
    const enough =
      typeof fact === 'object' && typeof other === 'object' ? implies(other, fact) : other === fact;
    if (!enough) return false;
  }
  return true;
}

/** Equal for equal facts, and for no others. */
export function factsKey(facts: Facts): string {
  return [...facts]
    .sort(([a], [b]) => a - b)
    .map(([cell, fact]) => `${cell}:${typeof fact === 'object' ? domainKey(fact) : String(fact)}`)
    .join(' ');
}
