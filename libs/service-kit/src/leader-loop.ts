import { messageOf } from '@countersign/kernel';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Log } from './log.js';
import type { PostgresLeadership } from './postgres-leadership.js';

interface LeaderLoopOptions {
  readonly name: string;
  /** Milliseconds between rounds that find nothing to do, and after a failure. */
  readonly everyMs: number;
  /** Answers whether there was anything to do: then the next round follows at once. */
  readonly round: (signal: AbortSignal) => Promise<boolean>;
}

/**
 * Work that one process at a time does in the background, round after round, until it is stopped. Should two
 * meet for a moment, as after a freeze, what they do has to bear it.
 */
export class LeaderLoop {
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(
    private readonly leadership: PostgresLeadership,
    private readonly log: Log,
    private readonly options: LeaderLoopOptions,
  ) {}

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** There may be something to do. */
  wake(): void {
    this.#wake.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { name } = this.options;
    while (!signal.aborted) {
      const lost = await this.leadership.acquire(name, signal).catch(() => undefined);
      if (lost) await this.#lead(AbortSignal.any([signal, lost]));
    }
    await this.leadership.release(name);
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { name, everyMs, round } = this.options;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      let worked: boolean | undefined;
      try {
        worked = (await this.leadership.holds()) && (await round(signal));
      } catch (error) {
        this.log.debug({ name, reason: messageOf(error) }, 'no progress');
      }
      if (worked === true) continue;
      // After a failure nobody wakes it: it has to pause.
      const until = worked === undefined ? signal : AbortSignal.any([signal, this.#wake.signal]);
      await sleep(everyMs, undefined, { signal: until }).catch(() => undefined);
    }
  }
}
