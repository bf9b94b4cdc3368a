import { invalid } from '@countersign/kernel';
import type { Readable } from 'node:stream';

/** A body that is too large is read to its end and thrown away, up to here. */
const MAX_DISCARDED = 32 * 1024 * 1024;

/**
 * Reads a request's body. Fastify's own reader answers as soon as a body is too large and closes the
 * connection; a client that is still sending then sees a broken connection and not the answer.
 *
 * @param done gets the body, or the AppError `invalid` `request.too-large`.
 */
export function readBody(
  stream: Readable,
  limit: number,
  done: (error: Error | null, body?: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = (error: Error | null) => {
    stream.off('data', onData).off('end', onEnd).off('error', finish);
    if (error) done(error);
    else if (size > limit) {
      done(invalid('request.too-large', `the body is larger than ${limit / (1024 * 1024)} MiB`));
    } else done(null, Buffer.concat(chunks, size));
  };
  const onData = (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
    if (size > MAX_DISCARDED) finish(null);
  };
  const onEnd = () => {
    finish(null);
  };
  stream.on('data', onData).on('end', onEnd).on('error', finish);
}
