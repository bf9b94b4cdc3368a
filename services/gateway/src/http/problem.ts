import { type AppError, type ErrorKind, invalid } from '@countersign/kernel';
import { STATUS_CODES } from 'node:http';

import { toAppError } from './foreign-errors.js';

/** The one place that knows which status an error kind has. */
const statusOf: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  rule: 422,
  unavailable: 503,
};

const METHOD_NOT_ALLOWED = 'http.method-not-allowed';

/** Of an address that takes other methods, which the header `Allow` names. */
export const methodNotAllowed = (allowed: readonly string[]): AppError =>
  invalid(METHOD_NOT_ALLOWED, `this address takes ${allowed.join(', ')}`, {
    details: { allow: allowed },
  });

/** Refusals whose status says more than their kind does. */
export const statusOfCode: Readonly<Partial<Record<string, number>>> = {
  [METHOD_NOT_ALLOWED]: 405,
  'request.timeout': 408,
  'directory.revision-mismatch': 412,
  'request.too-large': 413,
  'request.unsupported-encoding': 415,
  'request.unsupported-media-type': 415,
  'directory.revision-needed': 428,
  'analysis.too-many': 429,
  'request.headers-too-large': 431,
};

/** An RFC 9457 problem document and what goes with it. */
interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** What a caller is told about an error. Of one that nobody foresaw, nothing but that it happened. */
export function toProblem(error: unknown): Problem {
  const known = toAppError(error);
  if (!known) return problem(500, 'internal.error', 'the request could not be carried out', {});
  const { kind, code, message, details } = known;
  const status = statusOfCode[code] ?? statusOf[kind];
  return { ...problem(status, code, message, details ?? {}), headers: headersOf(known) };
}

function problem(
  status: number,
  code: string,
  detail: string,
  details: Readonly<Record<string, unknown>>,
): Problem {
  const type = `urn:countersign:problem:${code}`;
  const title = STATUS_CODES[status] ?? 'Error';
  return { status, headers: {}, body: { ...details, type, title, status, code, detail } };
}

function headersOf({ kind, code, details }: AppError): Problem['headers'] {
  if (code === METHOD_NOT_ALLOWED) return { allow: [details?.allow].flat().join(', ') };
  if (kind === 'unavailable') return { 'retry-after': '1' };
  if (kind !== 'unauthenticated') return {};
  return { 'www-authenticate': `Bearer realm="countersign"${challengeOf(code, details)}` };
}

/** What the token lacks, by RFC 6750; of a token that is fine but whose sign-in is too old, by RFC 9470. */
function challengeOf(code: string, details: AppError['details']): string {
  if (code === 'auth.token-missing') return '';
  if (code !== 'approval.reauthentication-needed') return ', error="invalid_token"';
  const maxAge = Number(details?.maxAgeSeconds);
  return `, error="insufficient_user_authentication", max_age="${maxAge}"`;
}
