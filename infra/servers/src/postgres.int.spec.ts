import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './ports.js';
import { identify } from './process-identity.js';
import { startPostgres, type RunningPostgres } from './postgres.js';

let folder: string;
let dataDir: string;
let running: RunningPostgres | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-postgres-'));
  dataDir = join(folder, 'data');
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<RunningPostgres> {
  running = await startPostgres({ dataDir, port: await freePort(), exitWithParent: true });
  return running;
}

async function query(sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: running?.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('startPostgres', () => {
  it('answers on its socket as well', async () => {
    const { socketUrl } = await start();
    expect(socketUrl).toContain('?host=');
    const client = new pg.Client({ connectionString: socketUrl });
    await client.connect();
    const { rows } = await client.query(
      'SELECT inet_server_addr() AS address, current_user AS user',
    );
    expect(rows).toEqual([{ address: null, user: 'countersign' }]);
    await client.end();
  });

  it('initialises a cluster in UTF8 and C that is durable', async () => {
    await start();
    const rows = await query(
      `SELECT current_user, current_database(), getdatabaseencoding() AS encoding,
              current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
              datcollate FROM pg_database WHERE datname = current_database()`,
    );
    expect(rows).toEqual([
      {
        current_user: 'countersign',
        current_database: 'countersign',
        encoding: 'UTF8',
        fsync: 'on',
        commit: 'on',
        datcollate: 'C',
      },
    ]);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });

  it('refuses a wrong password', async () => {
    const { port } = await start();
    const client = new pg.Client({
      connectionString: `postgresql://countersign:wrong@127.0.0.1:${port}/countersign`,
    });
    await expect(client.connect()).rejects.toMatchObject({ code: '28P01' });
  });

  it('finds its data again after it was killed', async () => {
    const first = await start();
    await query('CREATE TABLE kept (id int)');
    await query('INSERT INTO kept VALUES (42)');
    process.kill(first.pid, 'SIGKILL');
    await first.process.exited;
    await start();
    expect(await query('SELECT id FROM kept')).toEqual([{ id: 42 }]);
  });

  it('ends a server that was left behind on the folder', async () => {
    const left = await start();
    const second = await start();
    expect(left.process.hasExited()).toBe(true);
    expect(second.pid).not.toBe(left.pid);
  });

  it('starts although its pid file names a living process of somebody else', async () => {
    await (await start()).stop();
    writeFileSync(join(dataDir, 'postmaster.pid'), `${process.pid}\n${dataDir}\n`);
    await start();
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('stops without leaving a process', async () => {
    const { pid } = await start();
    await running?.stop();
    expect(identify(pid)).toBeUndefined();
  });

  it('says in one sentence that the port is taken', async () => {
    const { port } = await start();
    const other = startPostgres({ dataDir: join(folder, 'other'), port });
    await expect(other).rejects.toThrow(/^[^\n]*(bind|in use|taken)[^\n]*$/i);
  });
});
