import { segment } from './json-pointer.js';

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
    const place = `${path}/${segment(key)}`;
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
