import { unavailable } from '@countersign/kernel';

import type { AppendResult } from '../event-store.js';
import type { Append } from './append-batch.js';

/** What a queue needs to know of the store behind it. */
export interface AppendQueueOptions {
  /** Appends all or, when it throws, none that is known of; answers in the order given. */
  readonly send: (appends: readonly Append[]) => Promise<AppendResult[]>;
  /** Whether an error of `send` says for sure that nothing was stored. */
  readonly isRolledBack: (error: unknown) => boolean;
  /** Whether one that does may be gone when the same is sent again. */
  readonly isTransient: (error: unknown) => boolean;
  /** Batches under way at a time. */
  readonly maxInFlight: number;
  /** Events in a batch. A larger append goes by itself. */
  readonly maxEvents: number;
  /** Characters of JSON in a batch. A larger append goes by itself. */
  readonly maxCharacters: number;
  /** Appends that may wait; more are refused at once. */
  readonly maxWaiting: number;
  /** Milliseconds after which a waiting append is refused rather than sent. */
  readonly maxWaitMs: number;
}

interface Waiting extends Append {
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
  readonly since: number;
  readonly characters: number;
  /** How often it failed, for sure, beside others or alone. From then on it goes alone. */
  failures: number;
}

const MAX_ATTEMPTS = 4;

/**
 * Group commit: appends that arrive while others are being written go together in the next batch, so
 * that many commands share one fsync. Nothing waits for company: a lone append leaves at once.
 *
 * Appends on one stream are answered in the order in which they came, one batch each, so that batches
 * of one process never wait for each other's rows. When a batch fails and surely left nothing behind,
 * its appends are sent again one by one: only the one that cannot be stored fails.
 */
export class AppendQueue {
  readonly #options: AppendQueueOptions;
  #waiting: Waiting[] = [];
  readonly #busyStreams = new Set<string>();
  #inFlight = 0;
  #scheduled = false;
  #idleCallbacks: (() => void)[] = [];

  constructor(options: AppendQueueOptions) {
    this.#options = options;
  }

  /** @throws AppError `unavailable` when it is not sent; else what `send` throws for it. */
  add(append: Append): Promise<AppendResult> {
    if (this.#waiting.length >= this.#options.maxWaiting) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      const characters = append.events.reduce(
        (sum, event) => sum + event.data.length + event.metadata.length,
        0,
      );
      const { stream, expected, events } = append;
      const since = performance.now();
      const failures = 0;
      this.#waiting.push({
        stream,
        expected,
        events,
        resolve,
        reject,
        since,
        characters,
        failures,
      });
      this.#schedule();
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    if (this.#inFlight === 0 && this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => this.#idleCallbacks.push(resolve));
  }

  /** After this turn of the event loop, so that callers answered in the same turn share a batch. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= this.#options.maxInFlight) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#inFlight < this.#options.maxInFlight) {
      const batch = this.#take();
      if (batch.length === 0) break;
      this.#inFlight++;
      void this.#write(batch);
    }
    if (this.#inFlight > 0 || this.#waiting.length > 0) return;
    for (const resolve of this.#idleCallbacks.splice(0)) resolve();
  }

  /** The next batch, oldest first, leaving what is on a stream that is being written. */
  #take(): Waiting[] {
    const { maxEvents, maxCharacters, maxWaitMs } = this.#options;
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    const blocked = new Set<string>();
    const oldest = performance.now() - maxWaitMs;
    let events = 0;
    let characters = 0;
    let full = false;
    for (const append of this.#waiting) {
      if (append.since < oldest && append.failures === 0) {
        append.reject(overloaded());
        continue;
      }
      const fits =
        batch.length === 0 ||
        (append.failures === 0 &&
          events + append.events.length <= maxEvents &&
          characters + append.characters <= maxCharacters);
      full ||= !fits;
      if (full || this.#busyStreams.has(append.stream) || blocked.has(append.stream)) {
        blocked.add(append.stream);
        left.push(append);
        continue;
      }
      batch.push(append);
      blocked.add(append.stream);
      events += append.events.length;
      characters += append.characters;
      full = append.failures > 0;
    }
    this.#waiting = left;
    return batch.sort((a, b) => (a.stream < b.stream ? -1 : 1));
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    for (const append of batch) this.#busyStreams.add(append.stream);
    const again: Waiting[] = [];
    try {
      const results = await this.#options.send(batch);
      for (const [index, append] of batch.entries()) {
        const result = results[index];
        if (result === undefined) append.reject(new Error('an append was left unanswered'));
        else append.resolve(result);
      }
    } catch (error) {
      for (const append of batch) {
        append.failures++;
        if (this.#worthRepeating(error, batch.length, append)) again.push(append);
        else append.reject(error);
      }
    }
    for (const append of batch) this.#busyStreams.delete(append.stream);
    this.#inFlight--;
    this.#waiting.unshift(...again);
    this.#schedule();
  }

  #worthRepeating(error: unknown, batchSize: number, append: Waiting): boolean {
    if (!this.#options.isRolledBack(error)) return false;
    if (batchSize > 1) return true; // the fault may be another's
    return this.#options.isTransient(error) && append.failures < MAX_ATTEMPTS;
  }
}

function overloaded() {
  return unavailable('event-store.unavailable', 'too many appends wait for the event store');
}
