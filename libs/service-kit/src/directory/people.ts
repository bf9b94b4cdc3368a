import { messageOf } from '@countersign/kernel';
import { type Directory, parseDirectory } from '@countersign/state-machine';
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';

import { type Config, isProduction } from '../config.js';
import type { Log } from '../log.js';
import { devDirectory } from './dev-directory.js';

/** How often the file is looked at. By polling: files that are mounted or replaced send no events. */
const POLL_MS = 2_000;

/** The organisation's people, groups and roles, as a file states them today. */
export class People {
  #directory: Directory | undefined;
  #stop: (() => void) | undefined;

  private constructor(directory: Directory | undefined) {
    this.#directory = directory;
  }

  /**
   * Reads the file that `COUNTERSIGN_DIRECTORY` names, and reads it again whenever it changes: a file that
   * has become malformed is an error in the log, and what was read before holds. Without a file there are the
   * people of the development issuer, and in production nobody is known.
   *
   * @throws Error one sentence when the file cannot be read or is malformed.
   */
  static async open(
    config: Pick<Config, 'COUNTERSIGN_DIRECTORY' | 'NODE_ENV'>,
    log: Log,
    pollMs = POLL_MS,
  ): Promise<People> {
    const { COUNTERSIGN_DIRECTORY: path } = config;
    if (path === undefined) return new People(isProduction(config) ? undefined : devDirectory);
    const people = new People(await readDirectory(path));
    people.#watch(path, log, pollMs);
    return people;
  }

  /** Undefined when no directory is known: then nobody can say whether a quorum can be reached. */
  get directory(): Directory | undefined {
    return this.#directory;
  }

  close(): void {
    this.#stop?.();
  }

  #watch(path: string, log: Log, interval: number): void {
    const onChange = () => {
      readDirectory(path).then(
        (directory) => {
          this.#directory = directory;
          log.info({ path, people: directory.people.length }, 'the directory was read again');
        },
        (error: unknown) => {
          log.error({ path, reason: messageOf(error) }, 'the directory stays as it was');
        },
      );
    };
    watchFile(path, { interval, persistent: false }, onChange);
    this.#stop = () => {
      unwatchFile(path, onChange);
    };
  }
}

async function readDirectory(path: string): Promise<Directory> {
  try {
    return parseDirectory(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new Error(`COUNTERSIGN_DIRECTORY ${path}: ${messageOf(cause)}`, { cause });
  }
}
