import type { Environment } from '@marcbachmann/cel-js';
import { Big } from 'big.js';

import { LimitExceeded, Refusal } from './errors.js';
import { LIMITS } from './limits.js';

const PLAIN = /^[+-]?\d{1,64}(\.\d{1,64})?$/;

/** What arithmetic with a decimal takes: a decimal, a CEL int or a CEL double. */
type Operand = Decimal | bigint | number;

/**
 * An exact decimal number, for money. It holds no public field, so an expression sees nothing of it
 * but its operators.
 */
export class Decimal {
  readonly #value: Big;

  private constructor(value: Big) {
    if (value.c.length > LIMITS.decimalDigits) {
      throw new LimitExceeded(`a decimal of more than ${LIMITS.decimalDigits} digits`);
    }
    this.#value = value;
  }

  /** A number stands for its shortest decimal form: 0.1 is a tenth. @throws Refusal unless it is finite. */
  static fromNumber(value: number): Decimal {
    if (!Number.isFinite(value)) throw new Refusal('invalid_decimal', 'not a finite number');
    return new Decimal(new Big(String(value)));
  }

  static fromInt(value: bigint): Decimal {
    return new Decimal(new Big(value));
  }

  /** Digits with an optional sign and fraction (`-12.50`), no exponent, no spaces. @throws Refusal otherwise. */
  static fromText(value: string): Decimal {
    if (!PLAIN.test(value)) {
      throw new Refusal('invalid_decimal', `not a decimal: ${JSON.stringify(value.slice(0, 40))}`);
    }
    return new Decimal(new Big(value.startsWith('+') ? value.slice(1) : value));
  }

  static of(value: Operand): Decimal {
    if (typeof value === 'number') return Decimal.fromNumber(value);
    return typeof value === 'bigint' ? Decimal.fromInt(value) : value;
  }

  plus(other: Operand): Decimal {
    return new Decimal(this.#value.plus(Decimal.of(other).#value));
  }

  minus(other: Operand): Decimal {
    return new Decimal(this.#value.minus(Decimal.of(other).#value));
  }

  times(other: Operand): Decimal {
    return new Decimal(this.#value.times(Decimal.of(other).#value));
  }

  /** Below, at or above zero when this is less than, equal to or greater than the other. */
  compare(other: Operand): number {
    return this.#value.cmp(Decimal.of(other).#value);
  }

  /** Plain notation without exponent or trailing zeros: `10.5`. */
  toString(): string {
    return this.#value.toFixed();
  }
}

/** Adds the type `decimal`, its conversions and its operators to an environment. */
export function registerDecimal(environment: Environment): void {
  // An empty field list: without one, the library would look keys up on the JavaScript object.
  environment.registerType('decimal', { ctor: Decimal, fields: {} });
  const sync = { async: false };
  environment
    .registerFunction('decimal(string): decimal', (v: string) => Decimal.fromText(v), sync)
    .registerFunction('decimal(double): decimal', (v: number) => Decimal.fromNumber(v), sync)
    .registerFunction('decimal(int): decimal', (v: bigint) => Decimal.fromInt(v), sync)
    .registerFunction('decimal(decimal): decimal', (v: Decimal) => v, sync)
    .registerFunction('string(decimal): string', (v: Decimal) => v.toString(), sync);

  for (const [left, right] of [
    ['decimal', 'decimal'],
    ['decimal', 'int'],
    ['decimal', 'double'],
    ['int', 'decimal'],
    ['double', 'decimal'],
  ] as const) {
    const operator = (
      op: string,
      result: string,
      run: (a: Decimal, b: Operand) => unknown,
    ): void => {
      environment.registerOperator(`${left} ${op} ${right}: ${result}`, (a: Operand, b: Operand) =>
        run(Decimal.of(a), b),
      );
    };
    operator('+', 'decimal', (a, b) => a.plus(b));
    operator('-', 'decimal', (a, b) => a.minus(b));
    operator('*', 'decimal', (a, b) => a.times(b));
    operator('<', 'bool', (a, b) => a.compare(b) < 0);
    operator('<=', 'bool', (a, b) => a.compare(b) <= 0);
    operator('>', 'bool', (a, b) => a.compare(b) > 0);
    operator('>=', 'bool', (a, b) => a.compare(b) >= 0);
  }
  // `==` registers its mirror image and `!=` by itself.
  for (const right of ['decimal', 'int', 'double']) {
    environment.registerOperator(
      `decimal == ${right}: bool`,
      (a: Decimal, b: Operand) => a.compare(b) === 0,
    );
  }
}
