import type { RecordedEvent } from '@countersign/service-kit';
import { Clock } from '@countersign/kernel';
import { Inject, Injectable } from '@nestjs/common';

/** Timers that are due later than this are in the read tables before. */
const SOON_MS = 2_000;
/** How long the read tables may take to show a timer. */
const LAG_MS = 1_000;
const AGAIN_MS = 25;

/** When timers are due that this process has just set: the read tables, where they are looked for, lag behind. */
@Injectable()
export class TimerHints {
  #next: number | undefined;
  #wake: () => void = () => undefined;

  constructor(@Inject(Clock) private readonly clock: Clock) {}

  /** Calls back when something is due sooner than was known. */
  onSooner(wake: () => void): void {
    this.#wake = wake;
  }

  /** Takes note of what has been appended to an instance. */
  note(events: readonly Pick<RecordedEvent, 'type' | 'data'>[]): void {
    const now = this.clock.now().getTime();
    for (const { type, data } of events) {
      if (type !== 'workflow.timers-set') continue;
      for (const { dueAt } of data['timers'] as unknown as readonly { readonly dueAt: string }[]) {
        const due = Date.parse(dueAt);
        if (due > now + SOON_MS || due >= (this.#next ?? Infinity)) continue;
        this.#next = due;
        this.#wake();
      }
    }
  }

  /** Milliseconds until it is worth looking; undefined when nothing is known. */
  wait(): number | undefined {
    const now = this.clock.now().getTime();
    if (this.#next !== undefined && this.#next < now - LAG_MS) this.#next = undefined;
    return this.#next === undefined ? undefined : Math.max(AGAIN_MS, this.#next - now);
  }
}
