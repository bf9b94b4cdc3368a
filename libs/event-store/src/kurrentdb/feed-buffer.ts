import type { StoredEvent } from '@countersign/kernel';

import type { FeedPage } from '../event-store.js';
import type { Client, Prefixes } from './client.js';
import { formatPosition, later, type LogPosition } from './log-position.js';
import type { LogListener, LogSubscription } from './log-subscription.js';
import { type RecordedEvent, toStoredEvent } from './record.js';

/** Milliseconds that a page of the past may take to fill up. Live events do not wait. */
const FILL_WITHIN = 5;
/** Milliseconds between pages without events while others' events pass by: each costs a checkpoint. */
const EMPTY_PAGE_EVERY = 100;

/** What one subscription works with, and wants. */
export interface FeedBufferOptions {
  readonly client: Client;
  readonly after: LogPosition | undefined;
  readonly prefixes: Prefixes;
  readonly maxPage: number;
  /** The log reaches this far at least: to have caught up means to be beyond it. */
  readonly known: LogPosition | undefined;
  readonly signal: AbortSignal;
}

/** Gathers the events of one subscription into pages, until it fails. */
export class FeedBuffer implements LogListener {
  readonly #options: FeedBufferOptions;
  readonly #subscription: LogSubscription;
  #events: StoredEvent[] = [];
  /** When the oldest of these came. */
  #waitingSince = 0;
  /** Everything up to here has come, and what matches of it has been handed out or is in `#events`. */
  #seen: LogPosition | undefined;
  /** What the last page said of `#seen`. */
  #said: LogPosition | undefined;
  #caughtUp = false;
  #saidCaughtUp = false;
  #emptyPageAt = -EMPTY_PAGE_EVERY;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(options: FeedBufferOptions) {
    this.#options = options;
    this.#seen = this.#said = options.after;
    this.#subscription = options.client.subscribe(options.after, options.prefixes, this);
    options.signal.addEventListener('abort', this.#onAbort);
  }

  /**
   * The next page; undefined when the signal has fired.
   *
   * @throws what ended the subscription.
   */
  async next(): Promise<FeedPage | undefined> {
    for (;;) {
      if (this.#options.signal.aborted) return undefined;
      const wait = this.#pageDueIn();
      if (wait <= 0) return this.#page();
      if (this.#failure !== undefined) throw this.#failure.error;
      await this.#change(wait);
    }
  }

  close(): void {
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#subscription.close();
  }

  event(record: RecordedEvent): void {
    this.#seen = record.position;
    const event = toStoredEvent(record);
    // Streams of others may have names like ours.
    if (event === undefined) return;
    const { maxPage } = this.#options;
    const { length } = this.#events;
    if (length === 0) this.#waitingSince = performance.now();
    this.#events.push(event);
    if (length === 0 || length + 1 === maxPage) this.#wakeSoon();
    if (length + 1 >= 2 * maxPage) this.#subscription.pause();
  }

  checkpoint(position: LogPosition): void {
    this.#seen = later(this.#seen, position);
    this.#wakeSoon();
  }

  caughtUp(): void {
    this.#seen = later(this.#seen, this.#options.known);
    this.#caughtUp = true;
    this.#saidCaughtUp = false;
    this.#wakeSoon();
  }

  fellBehind(): void {
    this.#caughtUp = false;
  }

  failed(error: unknown): void {
    this.#failure = { error };
    this.#wakeSoon();
  }

  /** Milliseconds. */
  #pageDueIn(): number {
    const now = performance.now();
    if (this.#events.length > 0) {
      const isComplete =
        this.#caughtUp || this.#failure || this.#events.length >= this.#options.maxPage;
      return isComplete ? 0 : this.#waitingSince + FILL_WITHIN - now;
    }
    if (this.#caughtUp && !this.#saidCaughtUp) return 0;
    return this.#seen === this.#said ? Infinity : this.#emptyPageAt + EMPTY_PAGE_EVERY - now;
  }

  #page(): FeedPage {
    const { maxPage } = this.#options;
    const events = this.#events.slice(0, maxPage);
    this.#events = this.#events.slice(maxPage);
    const last = events.at(-1);
    if (last === undefined) this.#emptyPageAt = performance.now();
    if (this.#events.length < maxPage) this.#subscription.resume();
    if (this.#events.length > 0) {
      this.#waitingSince = performance.now();
      return { events, position: last?.position, caughtUp: false };
    }
    this.#said = this.#seen;
    this.#saidCaughtUp = this.#caughtUp;
    const position = this.#seen && formatPosition(this.#seen);
    return { events, position, caughtUp: this.#caughtUp };
  }

  async #change(within: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = within === Infinity ? undefined : setTimeout(resolve, within);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Not at once: more events may have come with this one. */
  #wakeSoon(): void {
    setImmediate(() => {
      this.#wake();
    });
  }

  readonly #onAbort = () => {
    this.#wake();
  };
}
