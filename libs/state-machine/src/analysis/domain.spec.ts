import type { OutlineConstant } from '@countersign/expressions';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type Comparison, decide, type Domain, domainKey, implies, narrow } from './domain.js';

const VALUES: readonly OutlineConstant[] = [-1, 0, 0.5, 1, 1.5, 2, 3, 'a', 'b', true, false, null];

const comparison: fc.Arbitrary<Comparison> = fc.oneof(
  fc.record({
    term: fc.constant('t'),
    op: fc.constantFrom('<', '<=', '>', '>='),
    constant: fc.constantFrom(0, 1, 2),
  }),
  fc.record({
    term: fc.constant('t'),
    op: fc.constant('==' as const),
    constant: fc.constantFrom(0, 1, 2, 'a', true, null),
  }),
);
const asked = fc.array(fc.tuple(comparison, fc.boolean()), { maxLength: 5 });
type Asked = readonly (readonly [Comparison, boolean])[];

/** What a comparison says of a value; an order of anything but numbers cannot be answered. */
function answer({ op, constant }: Comparison, value: OutlineConstant): boolean | undefined {
  if (op === '==') return value === constant;
  if (typeof value !== 'number' || typeof constant !== 'number') return undefined;
  if (op === '<') return value < constant;
  if (op === '<=') return value <= constant;
  return op === '>' ? value > constant : value >= constant;
}

const fits = (list: Asked, value: OutlineConstant): boolean =>
  list.every(([each, truth]) => answer(each, value) === truth);

const known = (list: Asked): Domain | 'contradiction' | undefined =>
  list.reduce<Domain | 'contradiction' | undefined>(
    (domain, [each, truth]) =>
      domain === 'contradiction' ? domain : (narrow(domain, each, truth) ?? 'contradiction'),
    undefined,
  );

describe('what is known about a term', () => {
  it('is a contradiction exactly when no value fits', () => {
    fc.assert(
      fc.property(asked, (list) => {
        // Between any two of the numbers there are more, and other texts than these: VALUES has one of each.
        expect(known(list) === 'contradiction').toBe(!VALUES.some((value) => fits(list, value)));
      }),
      { numRuns: 5_000 },
    );
  });

  it('decides a comparison only when every value that fits agrees', () => {
    fc.assert(
      fc.property(asked, comparison, (list, next) => {
        const domain = known(list);
        if (domain === 'contradiction') return;
        const decided = decide(domain, next);
        if (decided === undefined) return;
        for (const value of VALUES.filter((each) => fits(list, each))) {
          expect(answer(next, value)).not.toBe(!decided);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('implies something else only when every value that fits the one fits the other', () => {
    fc.assert(
      fc.property(asked, asked, (one, two) => {
        const [strong, weak] = [known(one), known(two)];
        if (typeof strong !== 'object' || typeof weak !== 'object') return;
        if (domainKey(strong) === domainKey(weak)) expect(implies(strong, weak)).toBe(true);
        if (!implies(strong, weak)) return;
        for (const value of VALUES.filter((each) => fits(one, each))) {
          expect(fits(two, value)).toBe(true);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
