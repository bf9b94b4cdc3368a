import { describe, expect, it } from '@jest/globals';
import type { Json } from '@countersign/kernel';
import fc from 'fast-check';

import { compileExpression, ExpressionError } from './index.js';

const value = (source: string, notional: Json = 0, other: Json = 0): Json =>
  compileExpression(source, ['context']).evaluate({ context: { notional, other } });

describe('decimal', () => {
  it.each<[Json, boolean]>([
    [10_000_000, true],
    ['10000000', true],
    ['10000000.00', true],
    [9_999_999.99, false],
    ['9999999.999999999999999999', false],
  ])('compares a notional of %j', (notional, expected) => {
    expect(value('decimal(context.notional) >= decimal("10000000")', notional)).toBe(expected);
    expect(value('decimal(context.notional) >= 10000000', notional)).toBe(expected);
    expect(value('10000000.0 <= decimal(context.notional)', notional)).toBe(expected);
  });

  it.each<[string, Json]>([
    ['decimal("0.1") + decimal("0.2") == decimal("0.3")', true],
    ['decimal(0.1) + 0.2 == 0.3', true],
    ['decimal("0.3") != 0.3', false],
    ['decimal("1.10") * 3', '3.3'],
    ['2 - decimal("0.5")', '1.5'],
    ['decimal(context.notional) * decimal("1e0".size())', '0'],
    ['string(decimal("100") * 1)', '100'],
    ['decimal("5") in [1, 5.0, "x"]', true],
    ['dyn([decimal("5")]) == dyn([5])', true],
    ['decimal("5") == context.notional', false],
    ['decimal("12345678901234567890.12") + 0', '12345678901234567890.12'],
    ['decimal(1.0e21)', '1000000000000000000000'],
  ])('%s', (source, expected) => {
    expect(value(source)).toBe(expected);
  });

  it.each<Json>([
    '',
    ' 1',
    '1 ',
    '1e5',
    '1,000',
    'NaN',
    '0x10',
    '.5',
    '1.',
    '9'.repeat(65),
    null,
    [],
    true,
  ])('refuses %j', (notional) => {
    expect(() => value('decimal(context.notional) > 1', notional)).toThrow(ExpressionError);
  });

  it('does not compare with text', () => {
    for (const source of [
      'decimal("1") == context.notional',
      'context.notional != decimal("1")',
      'decimal("1") < context.notional',
      'decimal("1") in [context.notional]',
    ]) {
      expect(() => value(source, '1')).toThrow(ExpressionError);
    }
  });

  it('agrees with exact integer arithmetic', () => {
    const cents = fc.bigInt(-(10n ** 30n), 10n ** 30n);
    const text = (n: bigint): string => {
      const digits = (n < 0n ? -n : n).toString().padStart(3, '0');
      return `${n < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
    };
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        const ask = (source: string): Json => value(source, text(a), text(b));
        expect(ask('decimal(context.notional) < decimal(context.other)')).toBe(a < b);
        expect(ask('decimal(context.notional) == decimal(context.other)')).toBe(a === b);
        expect(
          value(
            'decimal(context.notional) == decimal(context.other)',
            ask('decimal(context.notional) + decimal(context.other)'),
            text(a + b),
          ),
        ).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
