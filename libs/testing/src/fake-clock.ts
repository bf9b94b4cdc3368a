import { Clock } from '@countersign/kernel';

/** A clock that stands still until it is moved. */
export class FakeClock extends Clock {
  #now: Date;

  constructor(now: string | Date = '2026-01-02T03:04:05.678Z') {
    super();
    this.#now = new Date(now);
  }

  override now(): Date {
    return this.#now;
  }

  advance(milliseconds: number): void {
    this.#now = new Date(this.#now.getTime() + milliseconds);
  }
}
