import type { DirectoryEvent, DirectoryState } from '@countersign/contracts';
import { AppError, hashOf, messageOf, newId, sha256, systemActor } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import {
  devDirectory,
  isProduction,
  PLATFORM,
  type Platform,
  type RecordedEvent,
} from '@countersign/service-kit';
import { type Directory, parseDirectory } from '@countersign/state-machine';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { Directories } from './directories.js';
import { seedDirectory, takeInFile } from './domain/change.js';

/** How often the file is looked at. By polling: files that are mounted or replaced send no events. */
const POLL_MS = 2_000;

interface DirectoryFile {
  readonly directory: Directory;
  readonly hash: string;
}

/**
 * Feeds the directory from the file that `COUNTERSIGN_DIRECTORY` names, at the start and whenever it changes: a file
 * that has become malformed is an error in the log, and what was known holds. Without a file, a directory that is
 * empty begins with the people of the development issuer, and in production with nobody.
 */
@Injectable()
export class DirectoryFeed implements OnModuleInit, OnApplicationShutdown {
  readonly #stop = new AbortController();
  #following: Promise<void> | undefined;

  constructor(
    @Inject(Directories) private readonly directories: Directories,
    @Inject(PLATFORM) private readonly platform: Platform,
  ) {}

  /** @throws Error one sentence when the file cannot be read or is malformed; AppError as `takeInFile`. */
  async onModuleInit(): Promise<void> {
    const { config } = this.platform;
    const { COUNTERSIGN_DIRECTORY: path } = config;
    if (path !== undefined) {
      const seen = await versionOf(path);
      await this.#takeIn(await readDirectory(path));
      this.#following = this.#follow(path, seen);
    } else if (!isProduction(config)) {
      await this.#record((state) => seedDirectory(state, devDirectory));
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async #follow(path: string, first: string | undefined): Promise<void> {
    const { log } = this.platform;
    let done = first;
    while (await this.#wait()) {
      const version = await versionOf(path);
      if (version === done) continue;
      try {
        const file = await readDirectory(path);
        // What may be taken in is tried until it is stored; what may not, or cannot be read, is said once.
        done = undefined;
        await this.#takeIn(file);
        log.info({ path, people: file.directory.people.length }, 'the directory was read again');
      } catch (error) {
        log.error({ path, reason: messageOf(error) }, 'the directory stays as it was');
        if (done === undefined && !(error instanceof AppError && error.kind === 'rule')) continue;
      }
      done = version;
    }
  }

  /** False when there is nothing to wait for any more. */
  #wait(): Promise<boolean> {
    return sleep(POLL_MS, true, { signal: this.#stop.signal }).catch(() => false);
  }

  async #takeIn({ directory, hash }: DirectoryFile): Promise<void> {
    const isDone = ({ data }: RecordedEvent) => data['fileHash'] === hash;
    for (;;) {
      const events = await this.#record((state) => takeInFile(state, directory, hash));
      if (events.length === 0 || events.some(isDone)) return;
    }
  }

  async #record(decide: (state: DirectoryState) => readonly DirectoryEvent[]) {
    const commandId = newId();
    const context: CommandContext = {
      commandId,
      commandHash: hashOf(commandId),
      correlationId: commandId,
      causationId: commandId,
      actor: systemActor('approval'),
    };
    return (await this.directories.execute(context, decide)).events;
  }
}

/** Changes with the file; empty while there is none. */
async function versionOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return [mtimeMs, size, ino].join();
  } catch {
    return '';
  }
}

async function readDirectory(path: string): Promise<DirectoryFile> {
  try {
    const text = await readFile(path, 'utf8');
    return { directory: parseDirectory(JSON.parse(text)), hash: sha256(text) };
  } catch (cause) {
    throw new Error(`COUNTERSIGN_DIRECTORY ${path}: ${messageOf(cause)}`, { cause });
  }
}
