import type { EventStore } from '@countersign/event-store';

/** The furthest of some positions: what a reader must have seen to see all of it. */
export function latestPosition(
  store: EventStore,
  first: string,
  others: readonly string[],
): string {
  return others.reduce(
    (last, next) => (store.comparePositions(next, last) > 0 ? next : last),
    first,
  );
}
