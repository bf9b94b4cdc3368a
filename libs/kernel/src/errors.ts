/**
 * What went wrong, in the only terms the edges need. HTTP status and bus outcome follow from the
 * kind, in one place each; nothing else in the product knows about status codes.
 */
export type ErrorKind =
  'invalid' | 'unauthenticated' | 'forbidden' | 'not-found' | 'rule' | 'conflict' | 'unavailable';

export interface AppErrorOptions {
  /** What the caller can use to find the place: field paths, ids, revisions. Must be plain JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error type that crosses a boundary. `code` is stable (`context.reason`), `message` is for people. */
export class AppError extends Error {
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    options: AppErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.details = options.details;
  }
}

/** Shorthands, so that a call reads `throw rule('approval.self-approval', '...')`. */
const shorthand =
  (kind: ErrorKind) =>
  (code: string, message: string, options?: AppErrorOptions): AppError =>
    new AppError(kind, code, message, options);

/** The request itself is malformed: 400. */
export const invalid = shorthand('invalid');
/** No verified identity: 401. */
export const unauthenticated = shorthand('unauthenticated');
/** The verified identity may not do this: 403. */
export const forbidden = shorthand('forbidden');
/** There is no such thing: 404. */
export const notFound = shorthand('not-found');
/** A business rule says no: 422. */
export const rule = shorthand('rule');
/** Others kept changing the same thing: 409, worth a retry. */
export const conflict = shorthand('conflict');
/** Something that is needed does not answer: 503, worth a retry with backoff. */
export const unavailable = shorthand('unavailable');

/** Stored data that fails its schema: an alarm for the operator, never the client's fault. */
export class CorruptDataError extends Error {
  constructor(
    readonly place: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${place}: ${message}`, options);
    this.name = 'CorruptDataError';
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
