import { hash, randomUUID } from 'node:crypto';

/** Namespace of every derived id of the product. Never changed: ids derived from it are stored. */
const NAMESPACE = Buffer.from('3f0f7c626a3c5d8e9d1b0c1f6b6d2a11', 'hex');

/**
 * A UUIDv5 (RFC 9562, section 5.5) of its parts: the same parts give the same id, on every machine and in
 * every retry.
 */
export function derivedId(...parts: readonly (string | number)[]): string {
  const name = Buffer.from(JSON.stringify(parts));
  const bytes = hash('sha1', Buffer.concat([NAMESPACE, name]), 'buffer');
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
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
