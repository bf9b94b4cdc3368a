import { readdirSync, readFileSync } from 'node:fs';
import { identify } from '@countersign/servers';
import type { RecordedProcess } from './run-record.js';
import type { StateFolder } from './state-folder.js';

/**
 * Processes of a state folder that are in no record: their launcher was killed between starting one and
 * writing it down. The NATS server shows by its configuration file, a service by the folder in its
 * environment; Postgres looks after its own folder. Linux only: elsewhere nothing is found.
 */
export function unrecorded({ path, nats }: StateFolder): RecordedProcess[] {
  if (process.platform !== 'linux') return [];
  const marks = [
    { role: 'nats', file: 'cmdline', mark: `${nats}.conf` },
    { role: 'services', file: 'environ', mark: `COUNTERSIGN_STATE=${path}` },
  ];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((entry) => {
      const found = marks.find(({ file, mark }) => partsOf(entry, file).includes(mark));
      const identity = found && identify(Number(entry));
      return identity ? [{ role: found.role, ...identity }] : [];
    });
}

/** Arguments or environment of a process; none of one that is gone or somebody else's. */
function partsOf(pid: string, file: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
