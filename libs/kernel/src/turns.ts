/** Lets pieces of work with the same key take turns, in the order in which they came; others run beside them. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs the work once all earlier work with the key has ended, however it ended. */
  take<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(work);
    const ended = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(key, ended);
    void ended.then(() => {
      if (this.#last.get(key) === ended) this.#last.delete(key);
    });
    return turn;
  }
}
