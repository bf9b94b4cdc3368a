import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { postgresAccount } from './postgres-account.js';
import { findPostgres } from './postgres-binaries.js';
import { CREDENTIALS, POSTGRES_ENVIRONMENT, prepareCluster } from './postgres-cluster.js';
import { endLeftovers } from './postgres-leftovers.js';
import { DEFAULT_SETTINGS } from './postgres-settings.js';
import type { EndStep } from './process-identity.js';
import { ServerError } from './server-error.js';
import { exitWithParent, spawnServer, type ServerProcess } from './server-process.js';

export interface PostgresOptions {
  /** The cluster's folder; made and initialised on first use. */
  readonly dataDir: string;
  /** Loopback port. */
  readonly port: number;
  /** Settings of postgresql.conf that replace or add to the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told what is being done when it takes longer, such as the first initialisation. */
  readonly log?: (line: string) => void;
  /** Where the server's own log goes; default: the data folder's name with `.log` behind it. */
  readonly logFile?: string;
  /** End the server when this process dies (Linux only); for tests, which nobody cleans up after. */
  readonly exitWithParent?: boolean;
  /** Called as soon as the process exists, long before it is ready. */
  readonly onSpawn?: (server: ServerProcess) => void;
}

/** A Postgres server that answers queries. */
export interface RunningPostgres {
  /** `postgresql://countersign:countersign@127.0.0.1:<port>/countersign` */
  readonly url: string;
  /**
   * The same by the Unix socket in the data folder, which costs a query a third less than loopback; `url` where
   * the folder's path does not do for a socket. Only for the user that owns the folder.
   */
  readonly socketUrl: string;
  readonly port: number;
  readonly pid: number;
  readonly process: ServerProcess;
  /** Ends all sessions and shuts down cleanly; returns when the server is gone. */
  stop(): Promise<void>;
}

/** SIGINT rolls open transactions back and writes a checkpoint; SIGQUIT leaves that to the next start. */
const STOP: readonly EndStep[] = [
  { signal: 'SIGINT', graceMs: 10_000 },
  { signal: 'SIGQUIT', graceMs: 5_000 },
  { signal: 'SIGKILL', graceMs: 2_000 },
];

/** Recovering after a kill may have to read `max_wal_size` of log again. */
const READY_WITHIN_MS = 120_000;

/**
 * Starts the embedded Postgres on a data folder and returns when it answers queries.
 *
 * User, password and database are `countersign`; it listens on loopback only. A server still
 * running on the same folder is a leftover of a killed process and is ended first. Started by
 * root, it runs as `postgres` or `nobody` (see `postgresAccount`).
 *
 * @throws ServerError when it is not installed, cannot start or is not ready in time.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { port, log } = options;
  const wanted = resolve(options.dataDir);
  mkdirSync(dirname(wanted), { recursive: true });
  const dataDir = join(realpathSync(dirname(wanted)), basename(wanted));
  const binaries = findPostgres();
  const account = postgresAccount(dataDir, binaries.postgres);
  await endLeftovers(dataDir);
  await prepareCluster(dataDir, binaries, account, log);
  const hasSocket = fitsSocket(dataDir, port);
  const [command = '', ...args] = [
    ...account.prefix,
    ...(options.exitWithParent === true ? exitWithParent('INT') : []),
    binaries.postgres,
    ...['-D', dataDir, '-p', String(port)],
    ...Object.entries({
      ...DEFAULT_SETTINGS,
      ...(hasSocket ? { unix_socket_directories: dataDir } : {}),
      ...options.settings,
    }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const server = await spawnServer({
    name: 'Postgres',
    command,
    args,
    env: POSTGRES_ENVIRONMENT,
    logFile: options.logFile ?? `${dataDir}.log`,
  });
  options.onSpawn?.(server);
  try {
    await waitUntilReady(server, dataDir);
  } catch (error) {
    await server.stop(STOP);
    throw error;
  }
  const url = `postgresql://${CREDENTIALS}:${CREDENTIALS}@127.0.0.1:${port}/${CREDENTIALS}`;
  return {
    url,
    socketUrl: hasSocket ? `${url}?host=${encodeURIComponent(dataDir)}` : url,
    port,
    pid: server.pid,
    process: server,
    stop: () => server.stop(STOP),
  };
}

/** The system limits a socket's path to 107 bytes, and Postgres reads a list of folders with quotes and commas. */
function fitsSocket(dataDir: string, port: number): boolean {
  return /^[\w./-]+$/.test(dataDir) && join(dataDir, `.s.PGSQL.${port}`).length <= 107;
}

/**
 * Postgres writes its state as the eighth line of its pid file, and `ready` once it takes queries.
 * Unlike a query this cannot be answered by another server on the port, and it needs no client.
 */
async function waitUntilReady(server: ServerProcess, dataDir: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (server.hasExited()) throw new ServerError(`Postgres did not start: ${lastFailure(server)}`);
    const [pid, , , , , , , state] = readPidFile(dataDir);
    if (Number(pid) === server.pid && state?.trim() === 'ready') return;
    await sleep(10);
  }
  throw new ServerError(`Postgres is not ready after ${READY_WITHIN_MS / 1000} s.`);
}

function readPidFile(dataDir: string): string[] {
  try {
    return readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}

function lastFailure(server: ServerProcess): string {
  const lines = server.output().trim().split('\n');
  // When the port is taken the fatal line alone would not say so.
  const failure =
    lines.find((line) => /could not bind/.test(line)) ??
    lines.find((line) => /(FATAL|PANIC|error):/i.test(line)) ??
    lines.at(-1) ??
    '';
  return failure.replace(/^.*?(LOG|FATAL|PANIC):\s*/, '') || 'it ended without a word.';
}
