import type { Json } from './json.js';

/** The members that a JSON pointer (RFC 6901) goes through. */
export function segmentsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A member as it stands in a JSON pointer. */
export function segment(member: string | number): string {
  return String(member).replaceAll('~', '~0').replaceAll('/', '~1');
}

const INDEX = /^(0|[1-9]\d{0,15})$/;

/** The index into a list that a member of a JSON pointer is; undefined when it is none, as `length` and `01`. */
export function indexIn(segment: string): number | undefined {
  return INDEX.test(segment) ? Number(segment) : undefined;
}

/** The value at a JSON pointer, or at the members that it goes through; undefined where there is none. */
export function valueAt(value: Json, place: string | readonly string[]): Json | undefined {
  const segments = typeof place === 'string' ? segmentsOf(place) : place;
  return segments.reduce<Json | undefined>(memberOf, value);
}

function memberOf(value: Json | undefined, segment: string): Json | undefined {
  if (Array.isArray(value)) {
    const index = indexIn(segment);
    return index === undefined ? undefined : value[index];
  }
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, segment) ? value[segment] : undefined;
}
