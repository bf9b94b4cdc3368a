import type { LogPosition } from './log-position.js';
import type { RecordedEvent } from './record.js';

/** What a subscription to the whole log tells, in the order of the log. */
export interface LogListener {
  event(event: RecordedEvent): void;
  /** Nothing that matches is left up to here. */
  checkpoint(position: LogPosition): void;
  /** Everything that was there at the time of subscribing has been told. */
  caughtUp(): void;
  /** Live events came too fast; those left out follow, and then `caughtUp` again. */
  fellBehind(): void;
  /** It ends here. */
  failed(error: unknown): void;
}

/** A subscription to the whole log under way. */
export interface LogSubscription {
  pause(): void;
  resume(): void;
  close(): void;
}
