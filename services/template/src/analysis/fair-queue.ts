/** Parties whose last turn is remembered. */
const MOST_REMEMBERED = 10_000;

/**
 * A queue in which parties take turns: next is whoever has had no turn for the longest time, so that nobody waits behind
 * all that somebody else has put in. Within one party first come, first served.
 */
export class FairQueue<Item> {
  readonly #waiting = new Map<string, Item[]>();
  /** Number of the last turn by party, the longest ago first. */
  readonly #turns = new Map<string, number>();
  #turn = 0;
  #size = 0;

  /** @param remembered how many parties' turns are remembered; whoever is forgotten counts as new */
  constructor(private readonly remembered = MOST_REMEMBERED) {}

  get size(): number {
    return this.#size;
  }

  sizeOf(party: string): number {
    return this.#waiting.get(party)?.length ?? 0;
  }

  add(party: string, item: Item): void {
    const items = this.#waiting.get(party);
    if (items) items.push(item);
    else this.#waiting.set(party, [item]);
    this.#size++;
  }

  /** Takes off the next item; undefined when nothing waits. */
  take(): Item | undefined {
    let next: string | undefined;
    for (const party of this.#waiting.keys()) {
      if (next === undefined || this.#lastTurn(party) < this.#lastTurn(next)) next = party;
    }
    const item = next === undefined ? undefined : this.#waiting.get(next)?.[0];
    if (next === undefined || item === undefined) return undefined;
    this.remove(next, item);
    this.#turns.delete(next);
    this.#turns.set(next, ++this.#turn);
    const [oldest] = this.#turns.keys();
    if (oldest !== undefined && this.#turns.size > this.remembered) this.#turns.delete(oldest);
    return item;
  }

  /** Takes off an item out of turn, if it is there. */
  remove(party: string, item: Item): void {
    const items = this.#waiting.get(party) ?? [];
    const place = items.indexOf(item);
    if (place === -1) return;
    items.splice(place, 1);
    this.#size--;
    if (items.length === 0) this.#waiting.delete(party);
  }

  #lastTurn(party: string): number {
    return this.#turns.get(party) ?? 0;
  }
}
