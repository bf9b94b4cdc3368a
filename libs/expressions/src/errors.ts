import { AppError, invalid, messageOf } from '@countersign/kernel';

/** Where in a source something is; both count from 1, columns in UTF-16 code units. */
export interface SourcePlace {
  readonly line: number;
  readonly column: number;
}

/** What the CEL library's errors carry. Read by shape, because errors of other origins arrive as well. */
interface Located {
  readonly code?: unknown;
  readonly summary?: unknown;
  readonly range?: { readonly start?: unknown } | undefined;
}

const MESSAGE_LENGTH = 300;

/**
 * An expression could not be evaluated on these values: a missing key, a mismatch of types, a
 * malformed decimal, a limit. It is an incident for somebody to look at and never means "false".
 *
 * `details`: `reason` (stable, e.g. `no_such_key`, `limit_exceeded`), `expression` (the source, shortened), and
 * `line` and `column` where they are known. The message may quote the values that were looked at.
 */
export class ExpressionError extends AppError {
  readonly reason: string;

  constructor(
    source: string,
    reason: string,
    message: string,
    place?: SourcePlace,
    cause?: unknown,
  ) {
    super('rule', 'expression.failed', shorten(message), {
      details: { reason, expression: shorten(source), ...place },
      ...(cause === undefined ? {} : { cause }),
    });
    this.name = 'ExpressionError';
    this.reason = reason;
  }
}

/** Something was asked of an expression that costs more than `LIMITS` allows. */
export class LimitExceeded extends Error {
  readonly code = 'limit_exceeded';

  constructor(what: string) {
    super(`the expression costs too much: ${what}`);
    this.name = 'LimitExceeded';
  }
}

/** A refusal at compile time. `offset` counts characters from the start of the source. */
export class Refusal extends Error {
  readonly range: { readonly start: number } | undefined;

  constructor(
    readonly code: string,
    message: string,
    offset?: number,
  ) {
    super(message);
    this.name = 'Refusal';
    this.range = offset === undefined ? undefined : { start: offset };
  }
}

/** The error for a source that does not compile: `AppError` `invalid` `expression.invalid`. */
export function invalidExpression(source: string, error: unknown): AppError {
  const place = placeOf(source, error);
  const at = place ? `line ${place.line}, column ${place.column}: ` : '';
  return invalid('expression.invalid', shorten(at + summaryOf(error)), {
    details: { reason: reasonOf(error), expression: shorten(source), ...place },
    cause: error,
  });
}

/** The error for an evaluation that failed. */
export function failedExpression(source: string, error: unknown): ExpressionError {
  return new ExpressionError(
    source,
    reasonOf(error),
    summaryOf(error),
    placeOf(source, error),
    error,
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return 'limit_exceeded';
  const code = (error as Located | undefined)?.code;
  return typeof code === 'string' && code !== '' ? code : 'evaluation_error';
}

function summaryOf(error: unknown): string {
  const summary = (error as Located | undefined)?.summary;
  return typeof summary === 'string' ? summary : messageOf(error);
}

function placeOf(source: string, error: unknown): SourcePlace | undefined {
  const start = (error as Located | undefined)?.range?.start;
  if (typeof start !== 'number') return undefined;
  const before = source.slice(0, start);
  const line = before.split('\n').length;
  return { line, column: start - before.lastIndexOf('\n') };
}

function shorten(text: string): string {
  return text.length <= MESSAGE_LENGTH ? text : `${text.slice(0, MESSAGE_LENGTH - 1)}…`;
}
