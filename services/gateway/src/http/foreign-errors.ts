import { AppError, invalid, messageOf, notFound, unavailable } from '@countersign/kernel';

/** What the web framework's own refusals are called. They all carry a status. */
const httpCodes: Readonly<Record<number, string>> = {
  400: 'request.malformed',
  404: 'http.route-not-found',
  413: 'request.too-large',
  414: 'request.url-too-long',
  415: 'request.unsupported-media-type',
};

/**
 * An error of ours, or one of a library that means something to the caller, as ours. Undefined for
 * anything else, which is a fault to be looked into.
 */
export function toAppError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  if (isDatabaseAway(error)) {
    return unavailable('read-model.unavailable', 'the read tables do not answer', { cause: error });
  }
  const status = statusIn(error);
  if (status === undefined || status < 400 || status >= 500) return undefined;
  const code = httpCodes[status] ?? 'request.invalid';
  if (status === 404) return notFound(code, 'there is nothing at this address', { cause: error });
  return invalid(code, explanations[status] ?? messageOf(error), { cause: error });
}

const explanations: Readonly<Record<number, string>> = {
  413: 'the body is larger than 1 MiB',
  415: 'send a body as application/json',
};

/** The status in an error of Nest (`getStatus`) or of Fastify (`statusCode`). */
function statusIn(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { getStatus, statusCode } = error as { getStatus?: unknown; statusCode?: unknown };
  const status: unknown = typeof getStatus === 'function' ? getStatus.call(error) : statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** Connections refused, dropped or used up, a server that starts or stops, tables or columns not yet created. */
const AWAY = /^(ECONN[A-Z]+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|08...|57P0.|53300|42P01|42703)$/;
const AWAY_MESSAGES = /^(Connection terminated|timeout exceeded when trying to connect)/;

function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? AWAY.test(code) : AWAY_MESSAGES.test(error.message);
}
