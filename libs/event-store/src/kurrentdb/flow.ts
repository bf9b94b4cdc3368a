import { notAnswering } from './deadline.js';

/** A readable stream, as far as it matters here. */
export interface Source {
  on(event: string, listener: (...given: unknown[]) => void): unknown;
  read(): unknown;
}

/**
 * The items of a subscription, in order with what it tells beside them. The client library tells
 * "caught up" the moment it reads that, when the items before it may still be buffered.
 */
export class Flow<Item> {
  #paused = false;

  constructor(
    private readonly source: Source,
    private readonly give: (item: Item) => void,
  ) {
    source.on('readable', () => {
      this.#take();
    });
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#take();
  }

  /** Gives everything that has come, paused or not. */
  drain(): void {
    for (let item = this.#next(); item !== null; item = this.#next()) this.give(item);
  }

  #take(): void {
    while (!this.#paused) {
      const item = this.#next();
      if (item === null) return;
      this.give(item);
    }
  }

  #next(): Item | null {
    return this.source.read() as Item | null;
  }
}

/**
 * The first items of a subscription, at most so many, until it has caught up.
 *
 * @throws AppError `unavailable` when nothing comes for too long; whatever the source emits as error.
 */
export function collect<Item>(source: Source, max: number, within: number): Promise<Item[]> {
  const items: Item[] = [];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(notAnswering());
    }, within);
    const done = () => {
      clearTimeout(timer);
      resolve(items);
    };
    const flow = new Flow<Item>(source, (item) => {
      timer.refresh();
      if (items.length < max) items.push(item);
      if (items.length >= max) done();
    });
    source.on('caughtUp', () => {
      flow.drain();
      done();
    });
    source.on('end', () => {
      clearTimeout(timer);
      reject(notAnswering());
    });
    source.on('error', (error: unknown) => {
      clearTimeout(timer);
      reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
}
