import { execFile } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { hasDebianTools, unpackDebianPackage } from './nats-debian.js';
import { unpackRelease } from './nats-release.js';
import { cacheFolder } from './project-paths.js';
import { ServerError } from './server-error.js';

type Log = (line: string) => void;

/** Debian puts servers where an ordinary user's PATH does not look. */
const SYSTEM_FOLDERS = ['/usr/local/bin', '/usr/local/sbin', '/usr/sbin', '/opt/homebrew/bin'];

/** JetStream as we use it; what a later server does better is not relied on. */
const OLDEST = [2, 9] as const;

/**
 * A `nats-server` program for this machine: one on the PATH, one fetched earlier, the vendor's
 * release, or the distribution's package unpacked into our cache without installing it.
 *
 * @param log told about everything that takes time.
 * @throws ServerError with one sentence that says what to do when there is none.
 */
export async function findNatsServer(log?: Log): Promise<string> {
  const folder = join(cacheFolder(), 'nats-server');
  const cached = join(folder, `nats-server-${process.platform}-${process.arch}`);
  const onPath = [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_FOLDERS]
    .filter((entry) => entry !== '')
    .map((entry) => join(entry, 'nats-server'));
  for (const candidate of [...onPath, cached]) {
    if (isExecutable(candidate) && (await isUsable(candidate, log))) return candidate;
  }
  mkdirSync(folder, { recursive: true });
  const failures: string[] = [];
  for (const fetchInto of [unpackRelease, unpackDebianPackage]) {
    if (fetchInto === unpackDebianPackage && !(await hasDebianTools())) continue;
    const work = mkdtempSync(join(folder, 'fetch-'));
    try {
      keep(await fetchInto(work, log), cached);
      if (await isUsable(cached, log)) return cached;
    } catch (error) {
      failures.push(reasonOf(error as Error));
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  throw new ServerError(
    `There is no nats-server on this machine and none could be fetched (${failures.join('; ')}); ${advice()}`,
  );
}

/** A failed fetch says why only in its cause. */
function reasonOf({ message, cause }: Error): string {
  return message === 'fetch failed' && cause instanceof Error ? cause.message : message;
}

function advice(): string {
  if (process.platform === 'darwin') return 'run "brew install nats-server", or set NATS_URL.';
  return 'install it from https://github.com/nats-io/nats-server/releases onto the PATH, or set NATS_URL.';
}

/** Renamed into place, so that two starts at once never see half a file. */
function keep(program: string, cached: string): void {
  chmodSync(program, 0o755);
  renameSync(program, cached);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function isUsable(program: string, log?: Log): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { timeout: 10_000 });
    const [, major = 0, minor = 0] = /v(\d+)\.(\d+)/.exec(stdout)?.map(Number) ?? [];
    if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return true;
    log?.(`Passing over ${program}: ${stdout.trim()} is older than ${OLDEST.join('.')}.`);
  } catch (error) {
    log?.(`Passing over ${program}: ${(error as Error).message}`);
  }
  return false;
}
