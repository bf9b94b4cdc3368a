import { hash } from 'node:crypto';

import canonicalize from 'canonicalize';

/** A JSON value as `JSON.parse` yields it. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** Whether a value is JSON: what `JSON.parse` may yield, and nothing else. */
export function isJson(value: unknown): value is Json {
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value === 'object') return value === null || isJsonObject(value);
  return typeof value === 'number' ? Number.isFinite(value) : jsonScalars.has(typeof value);
}

/** Whether a value is a JSON object. */
export function isJsonObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(value).every(isJson);
}

const jsonScalars = new Set(['string', 'boolean']);

/** RFC 8785 canonical JSON. Members that are `undefined` are left out, as `JSON.stringify` does. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('value has no JSON form');
  return text;
}

/** Lower-case hex SHA-256 of a text's UTF-8 bytes. */
export function sha256(text: string | Uint8Array): string {
  return hash('sha256', text);
}

/** SHA-256 of the canonical form: equal for equal values, whatever the order of their keys. */
export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

const unstorable = /\\u0000|\\ud[89a-f]/i;

/**
 * Where a value holds text that a Postgres `jsonb` cannot: a NUL character or a lone surrogate.
 * Answers the path of the first such place (`/trade/party/0/name`), or undefined when there is none.
 */
export function findUnstorableText(value: unknown, path = ''): string | undefined {
  if (typeof value === 'string') {
    return value.includes('\u0000') || !value.isWellFormed() ? path || '/' : undefined;
  }
  if (value === null || typeof value !== 'object') return undefined;
  for (const [key, member] of Object.entries(value)) {
    const place = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (key.includes('\u0000') || !key.isWellFormed()) return JSON.stringify(place);
    const found = findUnstorableText(member, place);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Quick look at serialised JSON: false means that `findUnstorableText` finds nothing in it. */
export function mayHoldUnstorableText(serialised: string): boolean {
  return unstorable.test(serialised);
}
