import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isRunning, ServerError, type ProcessIdentity } from '@countersign/servers';

/** Where everything of one local system lies. */
export interface StateFolder {
  readonly path: string;
  readonly postgres: string;
  readonly nats: string;
  readonly logs: string;
  readonly runRecord: string;
  /** Lets the next start in. */
  release(): void;
}

/** What the servers and services trust each other by; made once and kept. */
export interface LocalSecrets {
  /** Signs the assertions of who acts on the bus: 32 random bytes in hex. */
  readonly busKey: string;
  readonly natsPassword: string;
}

/**
 * Makes the folder if need be and claims it for this process. The claim names a process by number
 * and start time, so one that was killed holds nobody up.
 *
 * @throws ServerError when another launcher that still runs has claimed it, or it cannot be written.
 */
export function claimStateFolder(path: string): StateFolder {
  const lock = join(path, 'launcher.lock');
  try {
    mkdirSync(join(path, 'logs'), { recursive: true });
    claim(lock);
  } catch (cause) {
    if (cause instanceof ServerError) throw cause;
    throw new ServerError(
      `The state folder ${path} (COUNTERSIGN_DATA) cannot be used: ${(cause as Error).message}.`,
      { cause },
    );
  }
  return {
    path,
    postgres: join(path, 'postgres'),
    nats: join(path, 'nats', 'jetstream'),
    logs: join(path, 'logs'),
    runRecord: join(path, 'run.json'),
    release: () => {
      rmSync(lock, { force: true });
    },
  };
}

/** Reads the folder's secrets, making them on first use. Only the owner may read the file. */
export function readSecrets(folder: StateFolder): LocalSecrets {
  const file = join(folder.path, 'secrets.json');
  const known = readJson(file) as Partial<LocalSecrets> | undefined;
  const secrets = {
    busKey: known?.busKey ?? randomBytes(32).toString('hex'),
    natsPassword: known?.natsPassword ?? randomBytes(24).toString('hex'),
  };
  if (known?.busKey !== secrets.busKey || known.natsPassword !== secrets.natsPassword) {
    writeWhole(file, secrets);
  }
  return secrets;
}

/** Replaces a JSON file at once, so that a kill leaves the old one or the new one. Owner only. */
export function writeWhole(file: string, content: unknown): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

/** The JSON in a file; undefined when there is none or it is not JSON. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function claim(lock: string): void {
  const mine = `${lock}.${process.pid}`;
  writeWhole(mine, identify(process.pid));
  try {
    while (!tryLink(mine, lock)) {
      refuseIfRunning(lock);
      // Of several that see the same stale claim one gets to move it away; the others look again.
      const stale = `${mine}.stale`;
      if (!tryRename(lock, stale)) continue;
      try {
        refuseIfRunning(stale);
      } catch (error) {
        // Between the look and the move somebody else had put a fresh claim there: give it back.
        tryLink(stale, lock);
        throw error;
      } finally {
        rmSync(stale, { force: true });
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function refuseIfRunning(lock: string): void {
  const holder = readJson(lock) as ProcessIdentity | undefined;
  if (holder === undefined || !isRunning(holder)) return;
  throw new ServerError(
    `Countersign already runs on this state folder (process ${holder.pid}); stop it first, or set COUNTERSIGN_DATA to another folder.`,
  );
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
