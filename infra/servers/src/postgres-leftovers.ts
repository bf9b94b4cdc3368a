import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { endProcess, identify, type ProcessIdentity } from './process-identity.js';
import { ServerError } from './server-error.js';

/**
 * Makes a data folder free to start on after its last server was not stopped in an orderly way.
 *
 * Postgres keeps its working directory in its data folder, which tells its processes from all
 * others. A server left behind is shut down; processes whose server was killed (they end by
 * themselves, but not before the query they are in) are ended; a pid file that names a process
 * that is no Postgres of this folder would make Postgres refuse to start, and is removed.
 *
 * @throws ServerError when such a process does not end.
 */
export async function endLeftovers(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, 'postmaster.pid');
  // Only Linux tells a process's working directory cheaply; elsewhere Postgres's own check decides.
  if (process.platform !== 'linux' || !existsSync(pidFile)) return;
  const serverPid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  const server = processesIn(dataDir).find(({ pid }) => pid === serverPid);
  if (server !== undefined) {
    await endProcess(server, [
      { signal: 'SIGINT', graceMs: 10_000 },
      { signal: 'SIGQUIT', graceMs: 5_000 },
      { signal: 'SIGKILL', graceMs: 2_000 },
    ]);
  }
  for (const process of processesIn(dataDir)) {
    const gone = await endProcess(process, [
      { signal: 'SIGQUIT', graceMs: 2_000 },
      { signal: 'SIGKILL', graceMs: 2_000 },
    ]);
    if (!gone) {
      throw new ServerError(`Process ${process.pid} still uses ${dataDir} and does not end.`);
    }
  }
  rmSync(pidFile, { force: true });
}

function processesIn(folder: string): ProcessIdentity[] {
  const wanted = realpathSync(folder);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && isPostgresIn(entry, wanted))
    .flatMap((entry) => identify(Number(entry)) ?? []);
}

function isPostgresIn(pid: string, folder: string): boolean {
  try {
    return (
      readlinkSync(`/proc/${pid}/cwd`) === folder &&
      readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres'
    );
  } catch {
    // Ended meanwhile, or another user's and none of our business.
    return false;
  }
}
