import { freePort, type RunningPostgres, startPostgres } from '@countersign/servers';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** Set by Jest's global setup: one server for a whole run, on which each test has its own database. */
export const TEST_POSTGRES_URL = 'TEST_POSTGRES_URL';

/** A database of its own on the run's server. */
export interface TestDatabase {
  readonly url: string;
  stop(): Promise<void>;
}

/** A new, empty database on the server that the run has started. */
export async function startTestPostgres(): Promise<TestDatabase> {
  const server = process.env[TEST_POSTGRES_URL];
  if (!server)
    throw new Error(`${TEST_POSTGRES_URL} is not set: run through npm test or pnpm jest`);
  const name = `test_${randomBytes(6).toString('hex')}`;
  const run = async (statement: string) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await run(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    stop: () => run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** A whole server of its own, for tests that kill it. */
export async function startOwnPostgres(): Promise<RunningPostgres & { readonly dataDir: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-postgres-'));
  const dataDir = join(folder, 'data');
  const port = await freePort();
  const server = await startPostgres({ dataDir, port, exitWithParent: true });
  return {
    ...server,
    dataDir,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
