import type { Atom, OutlineConstant } from '@countersign/expressions';

/** A term that is compared with a constant. */
export type Comparison = NonNullable<Atom['comparison']>;

/** What is known about the value of a term: an interval if it is a number, one value, or some that it is not. */
export interface Domain {
  /** Whether it is known to be a number; then it lies between `low` and `high`. */
  readonly numeric: boolean;
  readonly low: number;
  readonly lowOpen: boolean;
  readonly high: number;
  readonly highOpen: boolean;
  /** The value itself, once it is known. */
  readonly equal?: OutlineConstant;
  readonly not: readonly OutlineConstant[];
}

/** More than these are forgotten: knowing less is never wrong. */
const MOST_EXCLUDED = 32;

const ANYTHING: Domain = {
  numeric: false,
  low: -Infinity,
  lowOpen: false,
  high: Infinity,
  highOpen: false,
  not: [],
};

/**
 * What is known once a comparison was found true, or false; the same object when that is nothing new, and undefined
 * when it contradicts what is known. An order that was answered at all was asked of a number.
 */
export function narrow(
  domain: Domain | undefined,
  { op, constant }: Comparison,
  truth: boolean,
): Domain | undefined {
  const known = domain ?? ANYTHING;
  if (op === '==') return truth ? equals(known, constant) : differs(known, constant);
  const bound = constant as number;
  switch (truth ? op : OPPOSITE[op]) {
    case '<':
      return within(known, { high: bound, highOpen: true });
    case '<=':
      return within(known, { high: bound, highOpen: false });
    case '>':
      return within(known, { low: bound, lowOpen: true });
    case '>=':
      return within(known, { low: bound, lowOpen: false });
  }
}

const OPPOSITE = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const;

/** Whether a comparison must hold (or fail to be answered), cannot hold, or may do either. */
export function decide(domain: Domain | undefined, comparison: Comparison): boolean | undefined {
  if (domain === undefined) return undefined;
  if (narrow(domain, comparison, true) === undefined) return false;
  return narrow(domain, comparison, false) === undefined ? true : undefined;
}

/** Whether everything that fits the first fits the second. */
export function implies(strong: Domain, weak: Domain): boolean {
  if (strong === weak) return true;
  if (strong.equal !== undefined) return allows(weak, strong.equal);
  if (weak.equal !== undefined || (weak.numeric && !strong.numeric)) return false;
  return (
    (strong.low > weak.low || (strong.low === weak.low && (strong.lowOpen || !weak.lowOpen))) &&
    (strong.high < weak.high ||
      (strong.high === weak.high && (strong.highOpen || !weak.highOpen))) &&
    weak.not.every((value) => !allows(strong, value))
  );
}

/** Equal for equal domains, and for no others. */
export function domainKey({ numeric, low, lowOpen, high, highOpen, equal, not }: Domain): string {
  if (equal !== undefined) return `=${JSON.stringify(equal)}`;
  const interval = numeric ? `${lowOpen ? '(' : '['}${low},${high}${highOpen ? ')' : ']'}` : '';
  return `${interval}${not.length === 0 ? '' : `!${JSON.stringify(not)}`}`;
}

function allows(domain: Domain, value: OutlineConstant): boolean {
  if (domain.equal !== undefined) return domain.equal === value;
  if (domain.not.includes(value)) return false;
  return typeof value === 'number' ? inside(domain, value) : !domain.numeric;
}

function inside({ low, lowOpen, high, highOpen }: Domain, value: number): boolean {
  return (lowOpen ? value > low : value >= low) && (highOpen ? value < high : value <= high);
}

function equals(domain: Domain, value: OutlineConstant): Domain | undefined {
  if (domain.equal === value) return domain;
  if (!allows(domain, value)) return undefined;
  return { ...ANYTHING, numeric: typeof value === 'number', equal: value };
}

function differs(domain: Domain, value: OutlineConstant): Domain | undefined {
  if (domain.equal === value) return undefined;
  if (!allows(domain, value) || domain.not.length >= MOST_EXCLUDED) return domain;
  return settled({ ...domain, not: [...domain.not, value].sort(byText) });
}

const byText = (a: OutlineConstant, b: OutlineConstant): number => {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  return left < right ? -1 : Number(left > right);
};

function within(domain: Domain, limit: Partial<Domain>): Domain | undefined {
  if (domain.equal !== undefined) {
    const fits =
      typeof domain.equal === 'number' && inside({ ...ANYTHING, ...limit }, domain.equal);
    return fits ? domain : undefined;
  }
  const { low = -Infinity, lowOpen = false, high = Infinity, highOpen = false } = limit;
  const lower = low > domain.low || (low === domain.low && lowOpen);
  const upper = high < domain.high || (high === domain.high && highOpen);
  if (!lower && !upper && domain.numeric) return domain;
  return settled({
    ...domain,
    numeric: true,
    ...(lower ? { low, lowOpen } : {}),
    ...(upper ? { high, highOpen } : {}),
  });
}

/** An interval without a number is a contradiction, and one with a single number is that number. */
function settled(domain: Domain): Domain | undefined {
  if (!domain.numeric) return domain;
  const { low, lowOpen, high, highOpen } = domain;
  if (low > high || (low === high && (lowOpen || highOpen))) return undefined;
  const not = domain.not.filter((value) => typeof value === 'number' && inside(domain, value));
  if (low === high)
    return not.includes(low) ? undefined : { ...ANYTHING, numeric: true, equal: low };
  return { ...domain, not };
}
