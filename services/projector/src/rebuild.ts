import { allCategories } from '@countersign/contracts';
import type { EventStore } from '@countersign/event-store';
import type pg from 'pg';

import { ReadTables } from './read-tables.js';
import {
  missingIn,
  READ_TABLES_SHAPE,
  ReadTablesShapeError,
  readTableNames,
  shapeIn,
} from './shape.js';

const PAGE = 5_000;
const BESIDE = 'read_rebuild';

export interface RebuildProgress {
  readonly events: number;
  readonly position: string | undefined;
}

/**
 * Builds the read tables from the first event on in a schema of their own, beside those in use. Stops
 * at the end of the feed, or at `until`.
 */
export async function buildBeside(
  store: EventStore,
  db: pg.ClientBase,
  schema: string,
  until?: string,
  report: (progress: RebuildProgress) => void = () => undefined,
): Promise<ReadTables> {
  const built = await ReadTables.open(db, schema);
  await follow(store, built, until, report);
  return built;
}

async function follow(
  store: EventStore,
  built: ReadTables,
  until: string | undefined,
  report: (progress: RebuildProgress) => void,
): Promise<void> {
  let count = 0;
  for (;;) {
    const page = await store.readAll(built.position, { categories: allCategories }, PAGE);
    const events =
      until === undefined
        ? page.events
        : page.events.filter(({ position }) => store.comparePositions(position, until) <= 0);
    const reached = events.length < page.events.length ? until : page.position;
    if (reached !== undefined && reached !== built.position) await built.apply(events, reached);
    count += events.length;
    report({ events: count, position: built.position });
    if (page.caughtUp || events.length < page.events.length) return;
  }
}

/**
 * Brings read tables of an older shape to today's, and makes those whole of which some were dropped, by a rebuild. Answers whether there was anything to do.
 *
 * @throws ReadTablesShapeError when a later version of the product has made them.
 * @throws Error what `rebuildAndSwap` throws.
 */
export async function upgradeReadTables(
  store: EventStore,
  db: pg.ClientBase,
  report?: (progress: RebuildProgress) => void,
): Promise<boolean> {
  const shape = await shapeIn(db, 'public');
  if (shape === undefined) return false;
  if (shape === READ_TABLES_SHAPE && (await missingIn(db, 'public')).length === 0) return false;
  const wrong = new ReadTablesShapeError(shape);
  if (wrong.newer) throw wrong;
  await rebuildAndSwap(store, db, report);
  return true;
}

/**
 * Rebuilds the read tables while they are in use, and swaps them in one transaction: readers see the
 * old ones until they see the new ones, and the projector starts over from there. The checkpoint never
 * moves back: rows ahead of it would be folded again from events that they hold already.
 *
 * @throws Error when somebody else is rebuilding them; nothing was changed.
 */
export async function rebuildAndSwap(
  store: EventStore,
  db: pg.ClientBase,
  report?: (progress: RebuildProgress) => void,
): Promise<void> {
  const lock = `hashtext('countersign.read-rebuild')`;
  const { rows } = await db.query<{ free: boolean }>(
    `SELECT pg_try_advisory_lock(${lock}) AS free`,
  );
  if (rows[0]?.free !== true) throw new Error('somebody else is rebuilding the read tables');
  try {
    await db.query(`DROP SCHEMA IF EXISTS ${BESIDE} CASCADE`);
    const built = await buildBeside(store, db, BESIDE, undefined, report);
    await db.query('BEGIN');
    try {
      await swap(store, db, built);
      await db.query('COMMIT');
    } catch (error) {
      await db.query('ROLLBACK');
      throw error;
    }
  } finally {
    // A session that has ended holds no locks.
    await db.query(`SELECT pg_advisory_unlock(${lock})`).catch(() => undefined);
  }
}

async function swap(store: EventStore, db: pg.ClientBase, built: ReadTables): Promise<void> {
  // The projector waits here; what it had projected until now is all that may still be missing.
  await db.query('LOCK TABLE public.projection_checkpoint IN ACCESS EXCLUSIVE MODE');
  const { rows } = await db.query<{ position: string | null }>(
    'SELECT position FROM public.projection_checkpoint',
  );
  const live = rows[0]?.position ?? undefined;
  const { position } = built;
  const isBehind = (reached: string) =>
    position === undefined || store.comparePositions(position, reached) < 0;
  if (live !== undefined && isBehind(live)) {
    await follow(store, built, live, () => undefined);
  }
  // The old ones may be of a shape that did not have all of these.
  for (const table of readTableNames) await db.query(`DROP TABLE IF EXISTS public.${table}`);
  for (const table of readTableNames)
    await db.query(`ALTER TABLE ${BESIDE}.${table} SET SCHEMA public`);
  await db.query(`DROP SCHEMA ${BESIDE}`);
}
