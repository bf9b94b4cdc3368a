import { notAnswering } from './deadline.js';

/** Milliseconds after which the connection itself has given up on an append. */
const FORGOTTEN_AFTER = 30_000;

/**
 * Lets a limited number of appends be under way, the others wait in order.
 *
 * The client writes all appends to one stream of the connection. Where that takes no more and the
 * connection then breaks, the appends held back reject a promise that nobody awaits, which ends the
 * process. Below the stream's mark of 16 messages nothing is held back.
 */
export class AppendSlots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(limit = 15) {
    this.#free = limit;
  }

  /**
   * Starts an append as soon as a slot is free, which it keeps until it ends.
   *
   * @throws AppError `unavailable` when no slot gets free in time; then it was not started.
   */
  async run<T>(append: () => Promise<T>, within: number): Promise<T> {
    await this.#take(within);
    let isHeld = true;
    const release = () => {
      if (isHeld) this.#release();
      isHeld = false;
      clearTimeout(forgotten);
    };
    // One that is written to a connection just as it breaks never ends.
    const forgotten = setTimeout(release, FORGOTTEN_AFTER).unref();
    const result = append();
    result.then(release, release);
    return result;
  }

  async #take(within: number): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(go);
        reject(notAnswering());
      }, within);
      const go = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.add(go);
    });
  }

  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
