/** One thing that is wrong or doubtful about a definition. An error blocks publishing. */
export interface Finding {
  /** Stable, `thing.reason`, e.g. `state.unreachable`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** JSON pointer into the definition (RFC 6901), e.g. `/transitions/3/condition`. */
  readonly path: string;
  readonly message: string;
}

/** Shorthands. */
export const error = (code: string, path: string, message: string): Finding => ({
  code,
  severity: 'error',
  path,
  message,
});
export const warning = (code: string, path: string, message: string): Finding => ({
  code,
  severity: 'warning',
  path,
  message,
});
