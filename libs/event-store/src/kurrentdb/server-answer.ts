import type { LogPosition } from './log-position.js';

/** How the server answered an append: where it stands, or, when refused, where the stream ends. */
export interface ServerAnswer {
  readonly written: boolean;
  /** The stream's last revision, -1 if it does not exist. */
  readonly revision: number;
  /** Of the last event; only of a written append, and not from every server. */
  readonly position: LogPosition | undefined;
}
