import type { Checkpoints, Leadership, RelayCheckpoint } from '../src/event-relay.js';

/** Checkpoints that are gone with the test. */
export class MemoryCheckpoints implements Checkpoints {
  readonly #saved = new Map<string, RelayCheckpoint>();

  load(name: string): Promise<RelayCheckpoint | undefined> {
    return Promise.resolve(this.#saved.get(name));
  }

  save(name: string, checkpoint: RelayCheckpoint): Promise<void> {
    this.#saved.set(name, checkpoint);
    return Promise.resolve();
  }
}

/** Believes that it leads, whoever else does. */
export class Unrivalled implements Leadership {
  acquire(): Promise<AbortSignal> {
    return Promise.resolve(new AbortController().signal);
  }

  holds(): Promise<boolean> {
    return Promise.resolve(true);
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}

/** Its process stands still at the moment when it has been told that it leads. */
export class Freezing extends Unrivalled {
  readonly #thawed = Promise.withResolvers<undefined>();
  readonly #reached = Promise.withResolvers<undefined>();
  readonly reached = this.#reached.promise;

  override async holds(): Promise<boolean> {
    this.#reached.resolve(undefined);
    await this.#thawed.promise;
    return true;
  }

  thaw(): void {
    this.#thawed.resolve(undefined);
  }
}
