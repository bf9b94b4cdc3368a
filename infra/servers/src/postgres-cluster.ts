import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresAccount } from './postgres-account.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { ServerError } from './server-error.js';

const MAJOR = '18';

/** User, password and database of the embedded server, which listens on loopback only. */
export const CREDENTIALS = 'countersign';

/** The little that Postgres's programs need; our own environment may hold secrets. */
export const POSTGRES_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/**
 * Makes sure that a data folder holds a cluster that `account` may use: initialises a new one, or
 * checks the version and the owner of an existing one.
 *
 * @throws ServerError when initdb fails or the folder belongs to another version of Postgres.
 */
export async function prepareCluster(
  dataDir: string,
  binaries: PostgresBinaries,
  account: PostgresAccount,
  log?: (line: string) => void,
): Promise<void> {
  if (existsSync(join(dataDir, 'PG_VERSION'))) {
    const version = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim();
    if (version !== MAJOR) {
      throw new ServerError(
        `${dataDir} was made by Postgres ${version} and this is ${MAJOR}; move the folder away or migrate it with pg_upgrade.`,
      );
    }
    if (account.owner !== undefined) handOver(dataDir, account.owner);
    return;
  }
  log?.('Initialising the database ...');
  await initialise(dataDir, binaries, account);
}

/** A start that is killed half-way must not leave half a cluster, so it gets its name when complete. */
async function initialise(dataDir: string, binaries: PostgresBinaries, account: PostgresAccount) {
  const unfinished = `${dataDir}.unfinished`;
  const passwordFile = `${dataDir}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  chmodSync(unfinished, 0o700);
  writeFileSync(passwordFile, CREDENTIALS, { mode: 0o600 });
  if (account.owner !== undefined) {
    chownSync(unfinished, account.owner.uid, account.owner.gid);
    chownSync(passwordFile, account.owner.uid, account.owner.gid);
  }
  try {
    await run(account, [
      binaries.initdb,
      ...['--pgdata', unfinished, '--username', CREDENTIALS, '--pwfile', passwordFile],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C'],
    ]);
    // Before the server has ever listened anywhere it takes statements from standard input.
    await run(
      account,
      [binaries.postgres, '--single', '-D', unfinished, 'postgres'],
      `CREATE DATABASE ${CREDENTIALS};\n`,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  // An empty folder may stand there already; anything else in it is not ours to remove.
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new ServerError(`${dataDir} is neither empty nor a Postgres data folder.`);
  }
  mkdirSync(dirname(dataDir), { recursive: true });
  renameSync(unfinished, dataDir);
}

/** A state folder copied by root belongs to root, and Postgres insists on owning its data. */
function handOver(dataDir: string, owner: { uid: number; gid: number }): void {
  chmodSync(dataDir, 0o700);
  if (statSync(dataDir).uid === owner.uid) return;
  for (const entry of readdirSync(dataDir, { recursive: true, encoding: 'utf8' })) {
    lchownSync(join(dataDir, entry), owner.uid, owner.gid);
  }
  chownSync(dataDir, owner.uid, owner.gid);
}

async function run(account: PostgresAccount, words: readonly string[], input = ''): Promise<void> {
  const [command = '', ...args] = [...account.prefix, ...words];
  const running = promisify(execFile)(command, args, { cwd: '/', env: POSTGRES_ENVIRONMENT });
  running.child.stdin?.end(input);
  try {
    await running;
  } catch (cause) {
    const { stderr = '', message } = cause as Error & { stderr?: string };
    const reason = stderr.split('\n').find((line) => /error|fatal/i.test(line)) ?? message;
    throw new ServerError(`The database could not be initialised: ${reason.trim()}`, { cause });
  }
}
