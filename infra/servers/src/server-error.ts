/**
 * A server could not be found, started or kept running.
 *
 * `message` is one sentence for the person at the terminal, fit to be printed without a stack trace.
 */
export class ServerError extends Error {
  override readonly name = 'ServerError';
}
