import { invalid } from '@countersign/kernel';

// Fifteen digits stay exact in a number and last 600 years at 50,000 events a second.
const DECIMAL = /^(?:0|[1-9]\d{0,14})$/;

/** The place before the first event, which is what "from the start" means. */
const START = 0;

/**
 * The number behind a position of the Postgres and in-memory stores, which count from 1.
 *
 * @throws AppError `invalid` (`event-store.invalid-position`).
 */
export function parsePosition(position: string | undefined): number {
  if (position === undefined) return START;
  if (!DECIMAL.test(position)) {
    throw invalid('event-store.invalid-position', 'not a position of this event store', {
      details: { position: position.slice(0, 100) },
    });
  }
  return Number(position);
}

/** The position that stands for a number; undefined before the first event. */
export function formatPosition(position: number): string | undefined {
  return position === START ? undefined : String(position);
}
