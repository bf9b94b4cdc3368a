/** JetStream streams of the product. */
export const EVENTS_STREAM = 'EVENTS';
export const TRADES_STREAM = 'TRADES';
export const DEAD_LETTERS_STREAM = 'DEAD_LETTERS';

/** Number of ordered partitions of the event subjects. Never changed: subscribers rely on it. */
export const PARTITIONS = 16;

/** Partition of a stream: 32-bit FNV-1a of the name's UTF-8 bytes, modulo 16. Never changed. */
export function partitionOf(stream: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(stream)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash % PARTITIONS;
}

/** Subject of a published event: `evt.<category>.<event>.<partition>`. */
export function eventSubject(type: string, stream: string): string {
  return `evt.${type}.${partitionOf(stream)}`;
}

/** Subject of a message that could not be used: its own, below `dead.`. */
export function deadLetterSubject(subject: string): string {
  return `dead.${subject}`;
}
