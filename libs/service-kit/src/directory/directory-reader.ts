import {
  decodeEvent,
  directoryAggregate,
  DIRECTORY_STREAM,
  type DirectoryEvent,
  type DirectoryState,
  organisationOf,
} from '@countersign/contracts';
import type { EventStore } from '@countersign/event-store';
import { categoryOf, fold, messageOf, SharedRounds } from '@countersign/kernel';
import type { Organisation } from '@countersign/state-machine';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Log } from '../log.js';

const RETRY_MS = 500;

/** The organisation as the directory's events say: everybody may read it, the approval service writes it. */
export class DirectoryReader {
  #state: DirectoryState = directoryAggregate.initialState;
  readonly #readings = new SharedRounds(() => this.#read());
  readonly #stop = new AbortController();
  #following: Promise<void> | undefined;

  constructor(
    private readonly store: EventStore,
    private readonly log: Log,
  ) {}

  /** Reads what there is, and follows it from then on. @throws AppError `unavailable`. */
  static async open(store: EventStore, log: Log): Promise<DirectoryReader> {
    const reader = new DirectoryReader(store, log);
    const position = await store.head();
    await reader.load();
    reader.#following = reader.#follow(position);
    return reader;
  }

  /** As far as it is known here: what was decided elsewhere comes some milliseconds later. */
  get current(): Organisation {
    return organisationOf(this.#state);
  }

  /** What `current` and the last `load` are made of. */
  get state(): DirectoryState {
    return this.#state;
  }

  /** With everything that was decided before the call. Reads what is new only. @throws AppError `unavailable`. */
  async load(): Promise<Organisation> {
    // One that is under way may have begun before what the caller has to see.
    await this.#readings.next();
    return this.current;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async #read(): Promise<void> {
    const from = this.#state.revision;
    const stored = await this.store.readStream(DIRECTORY_STREAM, { from });
    const events = stored.map((event) => decodeEvent(event) as DirectoryEvent);
    this.#state = fold(directoryAggregate, events, this.#state);
  }

  async #follow(after: string | undefined): Promise<void> {
    const { signal } = this.#stop;
    const filter = { categories: [categoryOf(DIRECTORY_STREAM)] };
    let position = after;
    while (!signal.aborted) {
      try {
        for await (const page of this.store.subscribeAll(position, filter, { signal })) {
          if (page.events.length > 0) await this.load();
          position = page.position ?? position;
        }
      } catch (error) {
        this.log.error({ reason: messageOf(error) }, 'the directory cannot be followed');
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
