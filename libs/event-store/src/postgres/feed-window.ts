import { categoryOf, type StoredEvent } from '@countersign/kernel';

import { formatPosition } from '../decimal-position.js';
import type { FeedFilter, FeedPage } from '../event-store.js';

interface Entry {
  readonly position: number;
  /** Absent when nobody had asked for its category. */
  readonly event: StoredEvent | undefined;
  readonly characters: number;
}

/**
 * The newest settled events in memory: all above `floor` up to `end`, for subscriptions that keep up
 * to share one read. It forgets the oldest ones beyond its bounds.
 */
export class FeedWindow {
  readonly #maxEntries: number;
  readonly #maxCharacters: number;
  #entries: Entry[] = [];
  #characters = 0;
  #floor = 0;
  #end = 0;

  constructor(maxEntries = 2_000, maxCharacters = 4 * 1024 * 1024) {
    this.#maxEntries = maxEntries;
    this.#maxCharacters = maxCharacters;
  }

  get end(): number {
    return this.#end;
  }

  /** Empties it and goes on at a position. */
  restartAt(position: number): void {
    this.#entries = [];
    this.#characters = 0;
    this.#floor = position;
    this.#end = position;
  }

  push(position: number, event: StoredEvent | undefined, characters: number): void {
    this.#entries.push({ position, event, characters });
    this.#characters += characters;
    this.#end = position;
  }

  /** Forgets what is beyond the bounds; once a read rather than once an event, for it moves the rest. */
  trim(): void {
    let drop = 0;
    let characters = this.#characters;
    const excess = this.#entries.length - this.#maxEntries;
    for (const entry of this.#entries) {
      if (drop >= excess && characters <= this.#maxCharacters) break;
      characters -= entry.characters;
      this.#floor = entry.position;
      drop++;
    }
    this.#entries.splice(0, drop);
    this.#characters = characters;
  }

  /** The page after a position, or undefined when the window does not reach back that far. */
  page(after: number, filter: FeedFilter, max: number, atHead: boolean): FeedPage | undefined {
    if (after < this.#floor) return undefined;
    const events: StoredEvent[] = [];
    for (let index = this.#indexAfter(after); index < this.#entries.length; index++) {
      const entry = this.#entries[index];
      if (entry?.event === undefined || !matches(entry.event, filter)) continue;
      events.push(entry.event);
      if (events.length === max) {
        return { events, position: String(entry.position), caughtUp: false };
      }
    }
    const position = formatPosition(Math.max(after, this.#end));
    return { events, position, caughtUp: atHead };
  }

  #indexAfter(position: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.position ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function matches(event: StoredEvent, filter: FeedFilter): boolean {
  return filter.categories?.includes(categoryOf(event.stream)) ?? true;
}
