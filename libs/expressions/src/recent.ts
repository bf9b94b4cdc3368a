/** The last values made, by key; the least recently used one goes first. */
export class Recent<Value> {
  readonly #values = new Map<string, Value>();

  constructor(private readonly size: number) {}

  /** The value of a key, made when it is not there. What `make` throws is not kept. */
  get(key: string, make: () => Value): Value {
    const known = this.#values.get(key);
    if (known !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, known);
      return known;
    }
    const made = make();
    this.#values.set(key, made);
    if (this.#values.size > this.size) {
      const oldest = this.#values.keys().next();
      if (oldest.done !== true) this.#values.delete(oldest.value);
    }
    return made;
  }
}
