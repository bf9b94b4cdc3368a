import type { Pool, PoolClient } from 'pg';

import { appendFunction } from './append-function.js';
import { lockSpace } from './append-marker.js';

/** Version of what is created below; raised with every change to it. */
const VERSION = 1;

/** @throws TypeError unless the name needs no quoting in SQL. */
export function checkSchemaName(schema: string): void {
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(schema)) throw new TypeError(`not a schema name: ${schema}`);
}

/**
 * Creates what the store needs, or finds it there. Any number of processes may do so at once.
 *
 * @throws Error when the schema was made by a later version of the product.
 */
export async function createSchema(pool: Pool, schema: string): Promise<void> {
  if ((await currentVersion(pool, schema)) === VERSION) return;
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(`select pg_advisory_xact_lock(${lockSpace(`${schema}.versions`)}, 0)`);
    if ((await currentVersion(client, schema)) !== VERSION) await client.query(ddl(schema));
    await client.query('commit');
    client.release();
  } catch (error) {
    client.release(true); // ends the connection, and the transaction with it
    throw error;
  }
}

async function currentVersion(db: Pool | PoolClient, schema: string): Promise<number> {
  // Not to_regclass: it may answer from a cache that does not know yet what another has just made.
  const tables = await db.query(
    `select from pg_catalog.pg_tables where schemaname = $1 and tablename = 'versions'`,
    [schema],
  );
  if (tables.rows.length === 0) return 0;
  const found = await db.query<{ version: number | null }>(
    `select max(version) as version from ${schema}.versions`,
  );
  const version = found.rows[0]?.version ?? 0;
  if (version > VERSION) {
    throw new Error(`event store schema has version ${version}, this program knows ${VERSION}`);
  }
  return version;
}

function ddl(schema: string): string {
  return `
create schema if not exists ${schema};
create table if not exists ${schema}.versions (
  version int primary key,
  created_at timestamptz not null default now()
);

-- Where each stream ends. Its row is what two writers of one stream meet at.
create table if not exists ${schema}.streams (
  stream_id text primary key,
  revision bigint not null
) with (fillfactor = 70);

-- Readers conclude from a position that all lower ones were handed out before it: never cache.
create sequence if not exists ${schema}.positions as bigint cache 1;

create table if not exists ${schema}.events (
  position bigint primary key,
  stream_id text not null,
  revision bigint not null,
  event_id uuid not null,
  category text not null,
  type text not null,
  schema_version int not null,
  data jsonb not null,
  metadata jsonb not null,
  recorded_at timestamptz not null default clock_timestamp(),
  unique (stream_id, revision)
);
create index if not exists events_category_position on ${schema}.events (category, position);

${appendFunction(schema)}
insert into ${schema}.versions (version) values (${VERSION});
`;
}
