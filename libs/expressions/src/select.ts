import { Optional } from '@marcbachmann/cel-js';

import { type CelNode, type Handle, isPlainObject } from './cel-internals.js';
import { Refusal } from './errors.js';

/**
 * An object's own member or a list's element; undefined when there is none. Never looks at a prototype,
 * so `__proto__`, `constructor` and the like are keys as any other.
 */
export function lookUp(container: unknown, key: unknown): unknown {
  if (Array.isArray(container)) {
    const index = typeof key === 'bigint' ? Number(key) : key;
    return typeof index === 'number' ? (container[index] as unknown) : undefined;
  }
  if (!isPlainObject(container)) return undefined;
  switch (typeof key) {
    case 'string':
    case 'bigint':
    case 'number':
    case 'boolean':
      return Object.hasOwn(container, String(key)) ? container[String(key)] : undefined;
    default:
      return undefined;
  }
}

/** `a.b` and `a[b]`: an error where there is nothing. Of an optional, the optional member. */
export const select: Handle = (container, key, node) => {
  if (container instanceof Optional) return selectOptional(container, key);
  const value = lookUp(container, key);
  if (value !== undefined) return value;
  throw noSuchKey(key, node as CelNode);
};

/** `a.?b` and `a[?b]`: an optional. */
export const selectOptional: Handle = (container, key) => {
  const value = lookUp(unwrap(container), key);
  return value === undefined ? Optional.none() : Optional.of(value);
};

/** What an optional holds, or undefined; any other value as it is. */
export function unwrap(value: unknown): unknown {
  if (!(value instanceof Optional)) return value;
  return value.hasValue() ? value.value() : undefined;
}

/** Refuses a key by name. */
export function noSuchKey(key: unknown, node: CelNode): Refusal {
  return new Refusal('no_such_key', `No such key: ${String(key)}`, node.pos);
}
