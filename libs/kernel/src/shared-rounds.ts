/**
 * Work that many ask for at the same time, done one round after the other: each gets a round that begins after they have
 * asked, and shares it with all who ask before it begins. They go on in the order in which they came.
 */
export class SharedRounds {
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(private readonly round: () => Promise<void>) {}

  /** Resolves when the round has ended; fails as it does. */
  next(): Promise<void> {
    this.#next ??= this.#last = this.#last
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.round();
      });
    return this.#next;
  }
}
