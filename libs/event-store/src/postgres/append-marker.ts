/**
 * The marker of an append under way: a shared advisory lock, held to the end of its transaction, whose
 * keys are the store's number and, modulo this, how far the positions had come when it began.
 */
const MODULUS = 2 ** 31;

/** First key of the advisory locks that belong to a name, such as a store's schema (FNV-1a). */
export function lockSpace(name: string): number {
  let hash = 0x811c9dc5;
  for (const char of `countersign.event-store.${name}`) {
    hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  }
  return hash >>> 1;
}

/** SQL that takes the marker. `before` is the SQL of the last position handed out. */
export function takeMarker(schema: string, before: string): string {
  return `pg_advisory_xact_lock_shared(${lockSpace(schema)}, mod(${before}, ${MODULUS})::int)`;
}

/**
 * SQL for the lowest position that any append still under way had seen when it began: all of its own
 * positions lie above. Null when none is under way. `head` is the SQL of a position near the head.
 *
 * It reads who holds a marker, so transactions that do not append are never waited for.
 */
export function markerFloor(schema: string, head: string): string {
  // The marker holds the low bits; the rest follows from lying within a billion of the head.
  const reference = `(${head} + ${MODULUS / 2})`;
  return `(select min(${reference} - mod(${reference} - l.objid::bigint, ${MODULUS}::bigint))
    from pg_catalog.pg_locks l
    where l.locktype = 'advisory' and l.classid::bigint = ${lockSpace(schema)} and l.objsubid = 2
      and l.database = (select oid from pg_catalog.pg_database where datname = current_database()))`;
}
