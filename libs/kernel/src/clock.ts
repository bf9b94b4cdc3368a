/** The one source of time. Everything that stamps or compares times is given one. */
export abstract class Clock {
  abstract now(): Date;

  /** RFC 3339, UTC, milliseconds. */
  timestamp(): string {
    return this.now().toISOString();
  }
}

/** The machine's clock. */
export class SystemClock extends Clock {
  override now(): Date {
    return new Date();
  }
}
