import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ServerError } from './server-error.js';

/** The user that Postgres runs as, and the words to put before its command line to get there. */
export interface PostgresAccount {
  readonly prefix: readonly string[];
  /** Set when files have to be handed over to that user. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * Postgres refuses to run as root. For root this chooses the user that owns the data folder, else
 * `postgres`, else `nobody`.
 *
 * That user cannot enter root's home or any folder closed to others, where a clone often lies. Only
 * then it gets one capability along: reading and searching everywhere. The database's superuser can
 * read any file of the machine then, which is why this is for local use only.
 *
 * @throws ServerError when no such user exists or root lacks the capabilities to hand over.
 */
export function postgresAccount(dataDir: string, binaries: string): PostgresAccount {
  if (process.getuid?.() !== 0) return { prefix: [] };
  if (process.platform !== 'linux') {
    throw new ServerError('Postgres refuses to run as root; start as an ordinary user.');
  }
  const owner = existingOwner(dataDir) ?? passwdEntry('postgres') ?? passwdEntry('nobody');
  if (owner === undefined) {
    throw new ServerError(
      'Postgres refuses to run as root and there is neither a user postgres nor nobody; create one or start as an ordinary user.',
    );
  }
  const closed = [dataDir, binaries].find((path) => !opensToOthers(dirname(path)));
  return {
    owner,
    prefix: [
      'setpriv',
      ...['--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups'],
      ...(closed === undefined ? [] : capabilityArguments(closed)),
    ],
  };
}

/** A folder made by an earlier start keeps its user, whatever accounts were created since. */
function existingOwner(dataDir: string) {
  const found = statSync(join(dataDir, 'PG_VERSION'), { throwIfNoEntry: false });
  return found === undefined || found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid };
}

function passwdEntry(name: string) {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  if (line === undefined) return undefined;
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/** Whether everyone may pass through this folder and all above it. */
function opensToOthers(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

function capabilityArguments(closed: string): string[] {
  const name = [
    { bit: 2n, name: 'dac_read_search' },
    // Containers usually keep the former from root but grant this one, which allows writing too.
    { bit: 1n, name: 'dac_override' },
  ].find(({ bit }) => (permittedCapabilities() >> bit) & 1n)?.name;
  if (name === undefined) {
    throw new ServerError(
      `Postgres cannot run as root, and no other user may enter ${dirname(closed)}; move the checkout and the state folder (COUNTERSIGN_DATA) to where others may pass, or start as an ordinary user.`,
    );
  }
  return [
    ...['--inh-caps', `+${name}`, '--ambient-caps', `+${name}`],
    // Without this the change of user would drop the capability before it can be handed over.
    ...['--securebits', '+no_setuid_fixup'],
  ];
}

function permittedCapabilities(): bigint {
  const [, hex] = /^CapPrm:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return BigInt(`0x${hex ?? '0'}`);
}
