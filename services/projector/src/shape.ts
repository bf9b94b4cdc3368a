import { createHash } from 'node:crypto';
import type pg from 'pg';

import { readTables } from './migrations/0001-read-tables.js';
import { projections } from './projections/index.js';

/**
 * How to change a read table: edit `migrations/0001-read-tables.ts`, `read-model.ts` in `libs/contracts` and
 * the projection, and **add one to this number**, also when only the way in which rows follow from events has
 * changed. No ALTER TABLE is needed: at its next start the projector sees tables of an older shape, builds
 * new ones from the first event on beside them, and swaps. A change of the CREATE statements is noticed
 * without the number too; the number tells which of two shapes is the newer one, so that while versions
 * of the product are rolled out the older projector stands aside rather than build its own tables again.
 */
const SHAPE_NUMBER = 13;

const fingerprint = createHash('sha256').update(readTables('any')).digest('hex').slice(0, 12);

/** The shape that this code reads and writes, as it stands beside the checkpoint: `<number>:<fingerprint>`. */
export const READ_TABLES_SHAPE = `${SHAPE_NUMBER}:${fingerprint}`;

/** Before there were shapes. */
const FIRST = '1:';

/** The read tables in use are not those that this code knows. Nothing was read or written. */
export class ReadTablesShapeError extends Error {
  /** Whether a later version of the product has made them: then they are not for this one to replace. */
  readonly newer: boolean;

  constructor(readonly found: string) {
    const newer = numberOf(found) > SHAPE_NUMBER;
    const age = newer ? 'of a later version of the product' : 'of an older shape';
    super(`the read tables are ${age} (${found}, here ${READ_TABLES_SHAPE})`);
    this.name = 'ReadTablesShapeError';
    this.newer = newer;
  }
}

/** All of them, the checkpoint last. */
export const readTableNames: readonly string[] = [
  ...projections.map(({ table }) => table),
  'parked_streams',
  'projection_checkpoint',
];

/** The read tables that a schema has not. */
export async function missingIn(
  db: Pick<pg.ClientBase, 'query'>,
  schema: string,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT name FROM unnest($2::text[]) AS name WHERE to_regclass($1 || '.' || name) IS NULL`,
    [schema, readTableNames],
  );
  return rows.map(({ name }) => name);
}

/** Shape of the read tables in a schema, undefined when there are none. */
export async function shapeIn(
  db: Pick<pg.ClientBase, 'query'>,
  schema: string,
): Promise<string | undefined> {
  const checkpoint = `${schema}.projection_checkpoint`;
  const known = await db.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    checkpoint,
  ]);
  if (known.rows[0]?.there !== true) return undefined;
  // By way of JSON, because the first shape had no such column.
  const { rows } = await db.query<{ shape: string | null }>(
    `SELECT to_jsonb(c) ->> 'shape' AS shape FROM ${checkpoint} c`,
  );
  return rows[0]?.shape ?? FIRST;
}

function numberOf(shape: string): number {
  return Number(shape.split(':')[0]);
}
