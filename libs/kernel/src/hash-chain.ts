import type { EventMetadata, NewEvent, StoredEvent } from './envelope.js';
import { canonicalJson, sha256 } from './json.js';

/** What stands as `prevHash` in a stream's first event. */
export const GENESIS_HASH = '0'.repeat(64);

type Unsealed = Omit<NewEvent, 'metadata'> & { readonly metadata: Omit<EventMetadata, 'hash'> };

/**
 * `SHA-256(prevHash + canonical JSON)` over stream, revision, id, type, schema version, data and all
 * metadata but the hash itself, in the stored form and before any upcasting. With the store's
 * optimistic append, which keeps the chain linear, a changed, inserted or removed event shows.
 */
export function eventHash(stream: string, revision: number, event: Unsealed): string {
  const { hash: _, ...metadata } = event.metadata as EventMetadata;
  const covered = {
    stream,
    revision,
    eventId: event.eventId,
    type: event.type,
    schemaVersion: event.schemaVersion,
    data: event.data,
    metadata,
  };
  return sha256(metadata.prevHash + canonicalJson(covered));
}

/** Where and why a chain breaks. */
export interface ChainBreak {
  readonly revision: number;
  readonly reason: 'hash-mismatch' | 'prev-hash-mismatch' | 'revision-gap';
}

/**
 * Checks a stream's chain from its first event. Answers the first break, or undefined. A removed
 * tail does not show: that takes a head kept elsewhere.
 */
export function verifyChain(events: readonly StoredEvent[]): ChainBreak | undefined {
  let prevHash = GENESIS_HASH;
  for (const [index, event] of events.entries()) {
    const at = (reason: ChainBreak['reason']): ChainBreak => ({ revision: index, reason });
    if (event.revision !== index) return at('revision-gap');
    if (event.metadata.prevHash !== prevHash) return at('prev-hash-mismatch');
    if (eventHash(event.stream, event.revision, event) !== event.metadata.hash) {
      return at('hash-mismatch');
    }
    prevHash = event.metadata.hash;
  }
  return undefined;
}
