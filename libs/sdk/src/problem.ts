import { z } from 'zod';

/** A problem document (RFC 9457) as the product sends it. */
const ProblemDocument = z.looseObject({ code: z.string(), detail: z.string() });

interface ErrorContext {
  /** HTTP status; 0 when nobody answered. */
  readonly status: number;
  /** The whole problem document. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Milliseconds after which the server wants to be asked again. */
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/**
 * What went wrong, by a stable `code` (`context.reason`): the server's, such as `approval.self-approval`, or one of
 * ours: `sdk.unreachable` (nobody answered in time: it may or may not have been done), `sdk.unexpected-reply`,
 * `sdk.not-your-durable`, `sdk.not-let-in`, `sdk.bad-options` (the client is made with what cannot work).
 */
export class CountersignError extends Error {
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryAfter: number;

  constructor(
    readonly code: string,
    message: string,
    { status, details = {}, retryAfter = 0, cause }: ErrorContext,
  ) {
    super(`${code}: ${message}`, { cause });
    this.name = 'CountersignError';
    this.status = status;
    this.details = details;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may well succeed later: nobody answered, 409 or 503. */
  get worthRetrying(): boolean {
    return this.code === 'sdk.unreachable' || this.status === 409 || this.status === 503;
  }
}

/** The error that a reply with a status of 400 or more stands for. */
export function problemOf({ status, headers }: Response, text: string): CountersignError {
  const document = ProblemDocument.safeParse(jsonIn(text));
  const seconds = Number(headers.get('retry-after') ?? 0);
  const context = { status, retryAfter: Number.isFinite(seconds) ? seconds * 1000 : 0 };
  if (!document.success) {
    // Something in between speaks, such as a proxy.
    return new CountersignError('sdk.unexpected-reply', `HTTP status ${status}`, context);
  }
  const { code, detail } = document.data;
  return new CountersignError(code, detail, { ...context, details: document.data });
}

/** What a text holds as JSON, undefined when it is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
