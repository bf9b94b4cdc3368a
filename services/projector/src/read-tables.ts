import type { StoredEvent } from '@countersign/kernel';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { createHash } from 'node:crypto';

import { type Changes, keysToLoad, projectBatch } from './batch.js';
import { readTables } from './migrations/0001-read-tables.js';
import { projections } from './projections/index.js';
import type { AnyRow, TableName } from './projections/projection.js';
import {
  missingIn,
  READ_TABLES_SHAPE,
  ReadTablesShapeError,
  readTableNames,
  shapeIn,
} from './shape.js';

type Row = AnyRow;
type Queryable = Pick<pg.ClientBase, 'query'>;

const CACHED_ROWS = 20_000;

/** Another projector or a rebuild moved the checkpoint, or somebody dropped tables: whoever sees this must start over from it. */
export class CheckpointMovedError extends Error {
  constructor() {
    super('somebody else has moved the checkpoint');
    this.name = 'CheckpointMovedError';
  }
}

const tables: readonly { table: TableName; key: readonly string[] }[] = [
  ...projections,
  { table: 'parked_streams', key: ['stream'] },
];

/**
 * The read tables of one schema and the checkpoint that belongs to them. A batch is one statement:
 * it moves the checkpoint by compare-and-set, and writes rows only if that succeeds, so that of two
 * projectors one at a time makes progress and a frozen one that wakes up changes nothing.
 */
export class ReadTables {
  readonly #rows = new LRUCache<string, Row>({ max: CACHED_ROWS });
  readonly #parked = new Set<string>();
  #position: string | undefined;
  /** Which table the checkpoint is in: a rebuild puts another one in its place, and others beside it. */
  #incarnation = '';

  private constructor(
    private readonly db: Queryable,
    private readonly schema: string,
  ) {}

  /**
   * Creates what is missing and reads the checkpoint. Tables without a checkpoint are dropped first: nothing says how far
   * they are.
   *
   * @throws ReadTablesShapeError when there are tables of another shape.
   */
  static async open(db: Queryable, schema = 'public'): Promise<ReadTables> {
    const shape = await shapeIn(db, schema);
    if (shape !== undefined) mustBeOurs(shape);
    const all = readTableNames.map((table) => `${schema}.${table}`);
    await db.query(`
      DO $$ BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('countersign.read-tables'));
        CREATE SCHEMA IF NOT EXISTS ${schema};
        IF to_regclass('${schema}.projection_checkpoint') IS NULL THEN
          DROP TABLE IF EXISTS ${all.join(', ')};
        END IF;
        ${readTables(schema)}
        INSERT INTO ${schema}.projection_checkpoint (id, position, shape, updated_at)
          VALUES (1, NULL, '${READ_TABLES_SHAPE}', now()) ON CONFLICT DO NOTHING;
      END $$`);
    const opened = new ReadTables(db, schema);
    await opened.reload();
    return opened;
  }

  /** How far the feed is in the tables. */
  get position(): string | undefined {
    return this.#position;
  }

  /**
   * Forgets what is in memory and reads the checkpoint again.
   *
   * @throws ReadTablesShapeError when the tables were replaced by those of another shape.
   */
  async reload(): Promise<void> {
    this.#rows.clear();
    this.#parked.clear();
    const checkpoint = await this.db.query<{
      position: string | null;
      incarnation: string;
      shape: string;
    }>(
      `SELECT position, tableoid::text AS incarnation, shape
       FROM ${this.schema}.projection_checkpoint`,
    );
    mustBeOurs(checkpoint.rows[0]?.shape ?? '');
    this.#position = checkpoint.rows[0]?.position ?? undefined;
    this.#incarnation = checkpoint.rows[0]?.incarnation ?? '';
    const parked = await this.db.query<{ stream: string }>(
      `SELECT stream FROM ${this.schema}.parked_streams`,
    );
    for (const { stream } of parked.rows) this.#parked.add(stream);
  }

  /** @throws CheckpointMovedError when they are not the tables any more that were opened, or not all are there. */
  async mustBeThere(): Promise<void> {
    const missing = await missingIn(this.db, this.schema);
    if (missing.length > 0) throw new CheckpointMovedError();
    const { rows } = await this.db.query<{ incarnation: string }>(
      `SELECT tableoid::text AS incarnation FROM ${this.schema}.projection_checkpoint`,
    );
    if (rows[0]?.incarnation !== this.#incarnation) throw new CheckpointMovedError();
  }

  /**
   * Projects the events that follow the checkpoint, up to a position. Answers the streams that had to
   * be parked, and why.
   *
   * @throws CheckpointMovedError when another projector was faster, or the tables are not the ones any
   * more that were opened; nothing was written.
   */
  async apply(
    events: readonly StoredEvent[],
    position: string,
  ): Promise<ReadonlyMap<string, string>> {
    await this.#load(events);
    const present = (table: TableName, key: string) => this.#rows.get(`${table}/${key}`);
    const { changes, newlyParked } = projectBatch(events, present, this.#parked);
    await this.#write(changes, position);
    this.#position = position;
    for (const { table, folds } of projections) {
      if (!folds) continue;
      for (const [key, row] of changes.get(table) ?? []) this.#rows.set(`${table}/${key}`, row);
    }
    for (const stream of newlyParked.keys()) this.#parked.add(stream);
    return newlyParked;
  }

  async #load(events: readonly StoredEvent[]): Promise<void> {
    for (const [table, keys] of keysToLoad(events)) {
      const missing = [...keys].filter((key) => !this.#rows.has(`${table}/${key}`));
      if (missing.length === 0) continue;
      const { key, matches } = keyOf(table);
      const { rows } = await this.db.query<{ row: Row; key: string }>(
        `SELECT ${key} AS key, to_jsonb(t) AS row FROM ${this.schema}.${table} t WHERE ${matches}`,
        [missing],
      );
      for (const { row, key } of rows) this.#rows.set(`${table}/${key}`, row);
    }
  }

  async #write(changes: Changes, position: string): Promise<void> {
    const parts: string[] = [];
    const values: unknown[] = [this.#position ?? null, position, this.#incarnation];
    for (const { table, key } of tables) {
      const rows = changes.get(table);
      if (!rows) continue;
      values.push(JSON.stringify([...rows.values()]));
      parts.push(
        `${table}_written AS (${upsert(this.schema, table, key, [...rows.values()], values.length)})`,
      );
    }
    const text = `WITH moved AS (
         UPDATE ${this.schema}.projection_checkpoint SET position = $2, updated_at = now()
         WHERE position IS NOT DISTINCT FROM $1 AND tableoid = $3::oid RETURNING 1
       ) ${parts.map((part) => `, ${part}`).join('')}
       SELECT count(*) AS moved FROM moved`;
    const { rows } = await this.db.query<{ moved: string }>({ name: nameOf(text), text, values });
    if (rows[0]?.moved !== '1') throw new CheckpointMovedError();
  }
}

function mustBeOurs(shape: string): void {
  if (shape !== READ_TABLES_SHAPE) throw new ReadTablesShapeError(shape);
}

/**
 * A name to prepare a statement under: planning it takes longer than running it. There is one text for
 * each set of tables that a batch may touch.
 */
function nameOf(text: string): string {
  return `projector.${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

/** A row's key as text, and how those of some keys (`$1`) are found: by an index where the key is one uuid. */
function keyOf(table: TableName): { key: string; matches: string } {
  const columns = tables.find((entry) => entry.table === table)?.key ?? [];
  const key = columns.map((column) => `${column}::text`).join(` || '/' || `);
  const [first = ''] = columns;
  const matches = columns.length === 1 ? `${first} = ANY($1::uuid[])` : `${key} = ANY($1::text[])`;
  return { key, matches };
}

/** Rows are written anew when they are there; those with a revision never go back to an older one. */
function upsert(
  schema: string,
  table: TableName,
  key: readonly string[],
  rows: readonly Row[],
  parameter: number,
): string {
  const columns = Object.keys(rows[0] ?? {});
  const update = columns.map((column) => `${column} = excluded.${column}`).join(', ');
  const guard = columns.includes('revision') ? 'WHERE t.revision < excluded.revision' : '';
  return `INSERT INTO ${schema}.${table} AS t
    SELECT * FROM json_populate_recordset(NULL::${schema}.${table}, $${parameter}::json)
    WHERE EXISTS (SELECT 1 FROM moved)
    ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${update} ${guard}`;
}
