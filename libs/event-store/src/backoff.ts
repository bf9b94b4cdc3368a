import { setTimeout as sleep } from 'node:timers/promises';

const FIRST = 50;
const LIMIT = 2_000;

/** Growing pauses between attempts to reach a server that does not answer. */
export class Backoff {
  #next = FIRST;

  reset(): void {
    this.#next = FIRST;
  }

  /** Milliseconds, with jitter so that many clients do not return in one moment. */
  take(): number {
    const pause = this.#next * (0.5 + Math.random() / 2);
    this.#next = Math.min(this.#next * 2, LIMIT);
    return pause;
  }

  /** Resolves after the pause, or when the signal fires. */
  async pause(signal: AbortSignal): Promise<void> {
    await sleep(this.take(), undefined, { signal }).catch(() => undefined);
  }
}
