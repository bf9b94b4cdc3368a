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
type Answer = (payload: string) => Promise<WireReply>;

/**
 * Who answers in this very process, by the connection that both sides share. A request to them never
 * leaves the process: no hop, nothing to sign, and it does not need NATS to be up.
 */
const answeringHere = new WeakMap<NatsConnection, Map<string, Answer>>();

/**
 * Sends a request and waits for its reply: directly to a service in this process, else signed over NATS.
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
  const here = answeringHere.get(bus)?.get(subject);
  const answer = here
    ? await inTime(here(payload), subject, timeout)
    : await overNats(bus, signer, subject, payload, timeout);
  if ('ok' in answer) return answer.ok;
  const { kind, code, message, details } = answer.error;
  throw new AppError(kind, code, message, details ? { details } : {});
}

async function inTime(
  answer: Promise<WireReply>,
  subject: string,
  timeout: number,
): Promise<WireReply> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(unavailable('service.timeout', `${subject}: no answer in time`));
    }, timeout);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

async function overNats(
  bus: NatsConnection,
  signer: BusSigner,
  subject: string,
  payload: string,
  timeout: number,
): Promise<WireReply> {
  const head = headers();
  head.set(SIGNATURE_HEADER, signer.sign(subject, payload));
  try {
    return (await bus.request(subject, payload, { timeout, headers: head })).json<WireReply>();
  } catch (error) {
    const absent =
      error instanceof NoRespondersError ||
      (error instanceof RequestError && error.isNoResponders());
    if (absent) throw unavailable('service.unreachable', `nobody answers ${subject}`);
    const code = error instanceof TimeoutError ? 'service.timeout' : 'service.unreachable';
    throw unavailable(code, `${subject}: ${messageOf(error)}`, { cause: error });
  }
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
  const running = new Set<Promise<unknown>>();
  const underWay = <Result>(work: Promise<Result>): Promise<Result> => {
    const tracked = work.finally(() => running.delete(tracked));
    running.add(tracked);
    return tracked;
  };

  async function answer(read: () => string): Promise<WireReply> {
    try {
      return { ok: await handle(read()) };
    } catch (error) {
      if (!(error instanceof AppError)) log.error({ error, subject }, 'request failed');
      return { error: toWire(error) };
    }
  }

  const subscription = bus.subscribe(subject, {
    queue,
    callback: (error, message) => {
      if (error) return;
      const reply = answer(() => signed(message, signer));
      void underWay(reply.then((answered) => message.respond(JSON.stringify(answered))));
    },
  });
  const here = answeringHere.get(bus) ?? new Map<string, Answer>();
  answeringHere.set(bus, here);
  here.set(subject, async (payload) => {
    const answered = await underWay(answer(() => payload));
    // The same values as over the wire: nothing is shared with the one who answered.
    return JSON.parse(JSON.stringify(answered)) as WireReply;
  });

  return async () => {
    here.delete(subject);
    await subscription.drain().catch(() => undefined);
    await Promise.allSettled(running);
  };
}

/** @throws AppError `bus.bad-signature` */
function signed(message: Msg, signer: BusSigner): string {
  const payload = message.string();
  const signature = message.headers?.get(SIGNATURE_HEADER) ?? '';
  if (!signer.verify(message.subject, payload, signature)) {
    throw new AppError('forbidden', 'bus.bad-signature', 'the sender is not a service');
  }
  return payload;
}

function toWire(error: unknown): WireError {
  if (error instanceof AppError) {
    const { kind, code, message, details } = error;
    return { kind, code, message, ...(details ? { details } : {}) };
  }
  return { kind: 'unavailable', code: 'service.failed', message: 'the service failed' };
}
