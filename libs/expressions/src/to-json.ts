import type { Json } from '@countersign/kernel';

import { isPlainObject } from './cel-internals.js';
import { Decimal } from './decimal.js';
import { LimitExceeded, Refusal } from './errors.js';
import { LIMITS } from './limits.js';

/**
 * A value of the language as plain JSON, sharing nothing with the bindings. Ints become numbers, or decimal
 * strings beyond the safe range; decimals become decimal strings.
 *
 * @throws Refusal `not_json` for anything else: a timestamp, a duration, bytes, a type, an optional.
 * @throws LimitExceeded when the result is too large or too deep.
 */
export function toJson(value: unknown): Json {
  let size = 0;
  const grow = (by: number): void => {
    size += by;
    if (size > LIMITS.resultSize) {
      throw new LimitExceeded(`a result of more than ${LIMITS.resultSize} characters`);
    }
  };
  const convert = (part: unknown, depth: number): Json => {
    if (depth > LIMITS.resultDepth) throw new LimitExceeded('too deep a result');
    grow(typeof part === 'string' ? part.length + 3 : 8);
    if (part === null || typeof part === 'string' || typeof part === 'boolean') return part;
    if (typeof part === 'number' && Number.isFinite(part)) return part;
    if (typeof part === 'bigint') return fromInt(part);
    if (part instanceof Decimal) return part.toString();
    if (Array.isArray(part)) return part.map((element) => convert(element, depth + 1));
    if (!isPlainObject(part)) throw new Refusal('not_json', `the result is not JSON`);
    const object: Record<string, Json> = {};
    for (const [key, member] of Object.entries(part)) {
      grow(key.length);
      // Plain assignment of `__proto__` would set the prototype.
      Object.defineProperty(object, key, {
        value: convert(member, depth + 1),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return object;
  };
  return convert(value, 0);
}

function fromInt(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
