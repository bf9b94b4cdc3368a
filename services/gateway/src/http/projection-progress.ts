import { Position } from '@countersign/contracts';
import type { EventStore } from '@countersign/event-store';
import { invalid, unavailable } from '@countersign/kernel';

const TIMEOUT_MS = 5_000;
const POLL_MS = 50;

interface Waiter {
  readonly position: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface ProjectionProgressOptions {
  readonly timeoutMs?: number;
  readonly pollMs?: number;
}

/**
 * How far the read tables are, so that a reader can wait for what it has just written. The projector
 * hints at its position after each commit; should a hint be lost, the checkpoint itself is looked at
 * while anybody waits.
 */
export class ProjectionProgress {
  #reached: string | undefined;
  #poll: NodeJS.Timeout | undefined;
  readonly #waiters = new Set<Waiter>();
  readonly #timeoutMs: number;
  readonly #pollMs: number;

  /** @param readCheckpoint the position that the read tables stand at, null before the first event. */
  constructor(
    private readonly store: Pick<EventStore, 'comparePositions'>,
    private readonly readCheckpoint: () => Promise<string | null>,
    { timeoutMs = TIMEOUT_MS, pollMs = POLL_MS }: ProjectionProgressOptions = {},
  ) {
    this.#timeoutMs = timeoutMs;
    this.#pollMs = pollMs;
  }

  /**
   * Waits until the read tables hold everything up to a position; none or an empty one waits for
   * nothing.
   *
   * @throws AppError `invalid` `query.bad-position`; `unavailable` `query.behind` after five seconds.
   */
  upTo(position: unknown): Promise<void> | undefined {
    const wanted = this.parse(position);
    if (wanted === undefined || this.#has(wanted)) return undefined;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(behind());
      }, this.#timeoutMs);
      const waiter: Waiter = { position: wanted, resolve, reject, timer };
      this.#waiters.add(waiter);
      // Right after the start nothing is known, and no hint may come for long.
      this.#pollIn(this.#reached === undefined ? 0 : this.#pollMs);
    });
  }

  /** A position that a caller sent, undefined when it sent none. @throws AppError `query.bad-position`. */
  parse(position: unknown): string | undefined {
    if (position === undefined || position === '') return undefined;
    const { success, data } = Position.safeParse(position);
    if (success && this.#isPosition(data)) return data;
    throw invalid('query.bad-position', 'not a position as a reply gave it');
  }

  /**
   * The projector says that the tables have come this far. It is not believed before the checkpoint itself was read:
   * it may have said so before a crash.
   */
  notice(position: string): void {
    if (this.#reached !== undefined && this.#isPosition(position)) this.#advance(position);
  }

  /** What was known may not hold any more: a database that crashes comes back with tables a moment older. */
  forget(): void {
    this.#reached = undefined;
  }

  #advance(position: string): void {
    if (this.#has(position)) return;
    this.#reached = position;
    for (const waiter of this.#waiters) {
      if (!this.#has(waiter.position)) continue;
      this.#release(waiter).resolve();
    }
  }

  /** Whoever still waits is told to come again. */
  close(): void {
    clearTimeout(this.#poll);
    for (const waiter of this.#waiters) this.#release(waiter).reject(behind());
  }

  #release(waiter: Waiter): Waiter {
    clearTimeout(waiter.timer);
    this.#waiters.delete(waiter);
    return waiter;
  }

  #has(position: string): boolean {
    return this.#reached !== undefined && this.store.comparePositions(position, this.#reached) <= 0;
  }

  #isPosition(text: string): boolean {
    try {
      this.store.comparePositions(text, text);
      return true;
    } catch {
      return false;
    }
  }

  #pollIn(delay: number): void {
    this.#poll ??= setTimeout(() => void this.#readAndPoll(), delay);
  }

  async #readAndPoll(): Promise<void> {
    // A database that is away is not news here: the waiters run into their time limit.
    const position = this.#waiters.size > 0 ? await this.readCheckpoint().catch(() => null) : null;
    this.#poll = undefined;
    if (position !== null) this.#advance(position);
    if (this.#waiters.size > 0) this.#pollIn(this.#pollMs);
  }
}

const behind = () =>
  unavailable('query.behind', 'the read tables have not come to this position yet');
