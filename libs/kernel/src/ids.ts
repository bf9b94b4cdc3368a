import { randomUUID } from 'node:crypto';

import { v5 as uuidv5 } from 'uuid';

/** Namespace of every derived id of the product. Never changed: ids derived from it are stored. */
const NAMESPACE = '3f0f7c62-6a3c-5d8e-9d1b-0c1f6b6d2a11';

/** A UUIDv5 of its parts: the same parts give the same id, on every machine and in every retry. */
export function derivedId(...parts: readonly (string | number)[]): string {
  return uuidv5(JSON.stringify(parts), NAMESPACE);
}

/** A fresh random id, for commands whose sender gave no idempotency key. */
export function newId(): string {
  return randomUUID();
}

const STREAM = /^([a-z][a-z0-9]*)-([0-9a-f][0-9a-f-]*)$/;

/** The stream of an aggregate: `category-id`. Categories hold no dash, so the split is unambiguous. */
export function streamName(category: string, id: string): string {
  const name = `${category}-${id}`;
  if (!STREAM.test(name)) throw new TypeError(`not a stream name: ${name}`);
  return name;
}

/** The category of a stream name. */
export function categoryOf(stream: string): string {
  const dash = stream.indexOf('-');
  return dash < 0 ? stream : stream.slice(0, dash);
}

/** The aggregate id of a stream name. */
export function idOf(stream: string): string {
  return stream.slice(stream.indexOf('-') + 1);
}
