import { buildBeside } from '@countersign/projector';
import { eventually } from '@countersign/testing';
import pg from 'pg';

import { type WithDatabase, withStore } from './audit.js';

const REBUILT = 'rebuilt_from_zero';

/** Number of rows, and a hash of them all in sorted order, by table. */
export type TableHashes = Readonly<Record<string, string>>;

/** A session on the system's database. */
export async function withDatabase<T>(
  { database }: WithDatabase,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: database.url });
  // A server that is killed is reported by the query under way.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** The position up to which the read tables hold everything. */
export async function checkpointOf(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<{ position: string | null }>(
    'SELECT position FROM public.projection_checkpoint',
  );
  return rows[0]?.position ?? null;
}

/** Waits until the read tables hold everything that is in the store now. */
export function projected(system: WithDatabase, within = 30_000): Promise<true> {
  return withStore(system, (store) =>
    withDatabase(system, (client) =>
      eventually(
        async () => {
          const [head, checkpoint] = await Promise.all([store.head(), checkpointOf(client)]);
          return checkpoint !== null && store.comparePositions(checkpoint, head ?? '') >= 0;
        },
        { within },
      ),
    ),
  );
}

/**
 * Hashes of the read tables in use, and of the same tables built from the first event on beside
 * them. Nothing may be appended meanwhile.
 */
export async function tablesAndRebuild(
  system: WithDatabase,
): Promise<{ inUse: TableHashes; rebuilt: TableHashes }> {
  await projected(system);
  return withStore(system, (store) =>
    withDatabase(system, async (client) => {
      await client.query(`DROP SCHEMA IF EXISTS ${REBUILT} CASCADE`);
      await buildBeside(store, client, REBUILT);
      const tables = await tablesIn(client, REBUILT);
      return {
        inUse: await hashes(client, 'public', tables),
        rebuilt: await hashes(client, REBUILT, tables),
      };
    }),
  );
}

async function tablesIn(client: pg.Client, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = $1 AND table_name <> 'projection_checkpoint' ORDER BY 1`,
    [schema],
  );
  return rows.map(({ name }) => name);
}

async function hashes(
  client: pg.Client,
  schema: string,
  tables: readonly string[],
): Promise<TableHashes> {
  const found: Record<string, string> = {};
  for (const table of tables) {
    const { rows } = await client.query<{ hash: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(line, E'\\n' ORDER BY line)), '') AS hash
       FROM (SELECT t::text AS line FROM ${schema}.${table} t) lines`,
    );
    found[table] = rows[0]?.hash ?? '';
  }
  return found;
}
