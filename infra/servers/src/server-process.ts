import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { identify, type EndStep, type ProcessIdentity } from './process-identity.js';
import { ServerError } from './server-error.js';

/** Beyond this size a log is set aside at the next start; one older log is kept. */
const LOG_LIMIT = 8 * 1024 * 1024;

export interface SpawnOptions {
  /** What messages call it, such as `Postgres`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child, not an addition to ours. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Standard output and error are appended here. */
  readonly logFile: string;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process that runs until it is told to stop. */
export interface ServerProcess {
  readonly name: string;
  readonly pid: number;
  readonly identity: ProcessIdentity;
  readonly logFile: string;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<ChildExit>;
  hasExited(): boolean;
  /** What it wrote since this start, at most the last 64 KiB. */
  output(): string;
  /** Sends the signals one after the other until it is gone. Safe to call twice. */
  stop(steps: readonly EndStep[]): Promise<void>;
}

/**
 * Starts a server in a session of its own: a Ctrl-C in the terminal goes to every process of the
 * foreground group, and would stop the database before the services that still write to it.
 * Its output goes straight to a file, so that the server outlives a killed parent unharmed.
 *
 * @throws ServerError when the command cannot be started.
 */
export async function spawnServer(options: SpawnOptions): Promise<ServerProcess> {
  const { name, logFile } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  setAside(logFile);
  const log = openSync(logFile, 'a', 0o600);
  const from = statSync(logFile).size;
  const child = spawn(options.command, [...options.args], {
    cwd: options.cwd ?? '/',
    env: { ...options.env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new ServerError(`${name} could not be started: ${(cause as Error).message}.`, { cause });
  }
  const pid = child.pid ?? -1;
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  return {
    name,
    pid,
    identity: identify(pid) ?? { pid, startedAt: 'ended at once' },
    logFile,
    exited,
    hasExited,
    output: () => tail(logFile, from),
    async stop(steps) {
      for (const { signal, graceMs } of steps) {
        if (hasExited()) return;
        child.kill(signal);
        await Promise.race([exited, delay(graceMs)]);
      }
      if (!hasExited()) throw new ServerError(`${name} (process ${pid}) does not end.`);
    },
  };
}

/**
 * Words to put before a command line so that the kernel sends the process `signal` when its parent
 * dies. Only Linux has it; elsewhere there are none.
 */
export function exitWithParent(signal: 'INT' | 'TERM'): string[] {
  return process.platform === 'linux' ? ['setpriv', '--pdeathsig', signal] : [];
}

/** A pause that does not keep the process alive by itself. */
function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

function setAside(logFile: string): void {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT) renameSync(logFile, `${logFile}.1`);
}

function tail(file: string, from: number): string {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const start = Math.max(from, size - 64 * 1024);
  if (size <= start) return '';
  const buffer = Buffer.alloc(size - start);
  const fd = openSync(file, 'r');
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, start));
  } finally {
    closeSync(fd);
  }
}
