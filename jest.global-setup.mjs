import { freePort, startPostgres } from '@countersign/servers';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One Postgres for all tests of a run that need one; each test makes a database of its own on it. */
export default async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-tests-'));
  const server = await startPostgres({
    dataDir: join(folder, 'postgres'),
    port: await freePort(),
    settings: { max_connections: '300' },
    exitWithParent: true,
  });
  process.env.TEST_POSTGRES_URL = server.url;
  globalThis.stopTestPostgres = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
