import { AppError, type ErrorKind, messageOf, unavailable } from '@countersign/kernel';
import {
  headers,
  type Msg,
  type NatsConnection,
  NoRespondersError,
  RequestError,
  TimeoutError,
} from '@nats-io/nats-core';

import { type BusSigner, SIGNATURE_HEADER } from './bus-signer.js';
import type { MessagingLog } from './messaging-log.js';

/** How long a caller waits for a service. */
const REQUEST_TIMEOUT_MS = 5_000;

interface WireError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}
type WireReply = { readonly ok: unknown } | { readonly error: WireError };

/**
 * Sends a signed request and waits for its reply.
 *
 * @throws AppError whatever the service answered, or `unavailable` (`service.unreachable`,
 * `service.timeout`) when it did not: the command may or may not have been carried out, and repeating
 * it with the same command id is safe.
 */
export async function request(
  bus: NatsConnection,
  signer: BusSigner,
  subject: string,
  payload: string,
  timeout = REQUEST_TIMEOUT_MS,
): Promise<unknown> {
  const head = headers();
  head.set(SIGNATURE_HEADER, signer.sign(subject, payload));
  let reply: Msg;
  try {
    reply = await bus.request(subject, payload, { timeout, headers: head });
  } catch (error) {
    const absent =
      error instanceof NoRespondersError ||
      (error instanceof RequestError && error.isNoResponders());
    if (absent) throw unavailable('service.unreachable', `nobody answers ${subject}`);
    const code = error instanceof TimeoutError ? 'service.timeout' : 'service.unreachable';
    throw unavailable(code, `${subject}: ${messageOf(error)}`, { cause: error });
  }
  const answer = reply.json<WireReply>();
  if ('ok' in answer) return answer.ok;
  const { kind, code, message, details } = answer.error;
  throw new AppError(kind, code, message, details ? { details } : {});
}

/**
 * Answers signed requests on a subject, shared with the other instances of the service. A handler's
 * AppError is the answer; anything else is logged and answered as `unavailable`.
 */
export function respond(
  bus: NatsConnection,
  signer: BusSigner,
  log: MessagingLog,
  subject: string,
  queue: string,
  handle: (payload: string) => Promise<unknown>,
): () => Promise<void> {
  const running = new Set<Promise<void>>();
  const subscription = bus.subscribe(subject, {
    queue,
    callback: (error, message) => {
      if (error) return;
      const work = answer(message).finally(() => running.delete(work));
      running.add(work);
    },
  });

  async function answer(message: Msg): Promise<void> {
    const payload = message.string();
    let reply: WireReply;
    try {
      const signature = message.headers?.get(SIGNATURE_HEADER) ?? '';
      if (!signer.verify(message.subject, payload, signature)) {
        throw new AppError('forbidden', 'bus.bad-signature', 'the sender is not a service');
      }
      reply = { ok: await handle(payload) };
    } catch (error) {
      reply = { error: toWire(error) };
      if (!(error instanceof AppError)) log.error({ error, subject }, 'request failed');
    }
    message.respond(JSON.stringify(reply));
  }

  return async () => {
    await subscription.drain().catch(() => undefined);
    await Promise.allSettled(running);
  };
}

function toWire(error: unknown): WireError {
  if (error instanceof AppError) {
    const { kind, code, message, details } = error;
    return { kind, code, message, ...(details ? { details } : {}) };
  }
  return { kind: 'unavailable', code: 'service.failed', message: 'the service failed' };
}
