import { isPlainObject } from './cel-internals.js';
import { Decimal } from './decimal.js';
import { Refusal } from './errors.js';
import { spend } from './meter.js';

/**
 * CEL equality of any two values: by value and deep, numbers across int, double and decimal, own members
 * only, values of different kinds simply unequal. Costs a step an element.
 */
export function areEqual(left: unknown, right: unknown): boolean {
  spend(1);
  if (left === right) return true;
  if (left instanceof Decimal || right instanceof Decimal) return decimalsEqual(left, right);
  if (typeof left === 'bigint' || typeof right === 'bigint') return numbersEqual(left, right);
  if (typeof left !== 'object' || typeof right !== 'object') return false;
  if (left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((element, index) => areEqual(element, right[index]));
  }
  if (isPlainObject(left) || isPlainObject(right)) {
    return isPlainObject(left) && isPlainObject(right) && membersEqual(left, right);
  }
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  const [a, b]: unknown[] = [left.valueOf(), right.valueOf()];
  if (typeof a === 'number' || typeof a === 'bigint') return a === b;
  throw new Refusal('invalid_comparison_type', 'values of this type cannot be compared in a list');
}

function membersEqual(left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && areEqual(left[key], right[key]));
}

function numbersEqual(left: unknown, right: unknown): boolean {
  if (typeof left !== 'number' && typeof right !== 'number') return false;
  return left == right; // of one bigint and one number: by mathematical value
}

/** Text that looks like the number is no number: "unequal" would hide that a `decimal()` is missing. */
function decimalsEqual(left: unknown, right: unknown): boolean {
  if (!(left instanceof Decimal)) return right instanceof Decimal && decimalsEqual(right, left);
  if (right instanceof Decimal || typeof right === 'bigint') return left.compare(right) === 0;
  if (typeof right === 'string') {
    throw new Refusal('no_such_overload', 'a decimal and a text do not compare: use decimal(text)');
  }
  return typeof right === 'number' && Number.isFinite(right) && left.compare(right) === 0;
}
