import { setTimeout as sleep } from 'node:timers/promises';

import pRetry from 'p-retry';
import { z } from 'zod';

import { badOptions, baseOf } from './base-url.js';
import { CountersignError, jsonIn, problemOf } from './problem.js';

const RETRIES = 5;
const RETRY_MIN_MS = 200;
const RETRY_AFTER_MAX_MS = 10_000;
const ATTEMPT_MS = 30_000;

export interface ConnectionOptions {
  /** Where the gateway is, without `/api/v1`, such as `https://countersign.example.com`. */
  readonly url: string;
  /**
   * The bearer token, asked for before each attempt: cache it. `rejected` is one that the server has just refused:
   * answer a fresh one.
   */
  readonly token: (rejected?: string) => string | Promise<string>;
  /** Attempts after the first one, with growing pauses (default 5, about six seconds in all). */
  readonly retries?: number;
  /** Milliseconds that one attempt may take (default 30 000). */
  readonly timeout?: number;
}

export interface CallOptions {
  /** Names what is to be done once: again under the same key, it answers the first outcome. Default: made up. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface Call<Reply extends z.ZodType> extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/v1`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly reply: Reply;
}

const Positioned = z.object({ position: z.string() });

/**
 * HTTP as the product wants it: a token, a key for everything that changes something, what may be repeated is,
 * and reads see what was written before through the same connection.
 */
export class Connection {
  /** Of the last reply that had one: reads wait until it is in the read tables. */
  position: string | undefined;

  readonly #base: URL;

  /** @throws CountersignError `sdk.bad-options` */
  constructor(private readonly options: ConnectionOptions) {
    this.#base = baseOf(options.url);
    if (typeof options.token === 'function') return;
    throw badOptions('token is a function that answers the token: () => token');
  }

  /** @throws CountersignError what the server says, or that it does not answer. */
  async send<Reply extends z.ZodType>(call: Call<Reply>): Promise<z.output<Reply>> {
    const body = await this.#repeated(call);
    const reply = call.reply.safeParse(body);
    if (!reply.success) {
      const message = `${call.method} ${call.path}: ${inWords(reply.error)}`;
      throw new CountersignError('sdk.unexpected-reply', message, { status: 200 });
    }
    const written = Positioned.safeParse(body);
    if (written.success) this.position = written.data.position;
    return reply.data;
  }

  #repeated(call: Call<z.ZodType>): Promise<unknown> {
    const changes = call.method !== 'GET';
    const key = changes ? { 'idempotency-key': call.idempotencyKey ?? crypto.randomUUID() } : {};
    const after = this.position;
    const headers = {
      ...call.headers,
      ...key,
      ...(after === undefined ? {} : { 'countersign-after': after }),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    return pRetry(() => this.#authorized(call, headers), {
      retries: this.options.retries ?? RETRIES,
      minTimeout: RETRY_MIN_MS,
      randomize: true,
      ...(call.signal === undefined ? {} : { signal: call.signal }),
      shouldRetry: ({ error }) => error instanceof CountersignError && error.worthRetrying,
      onFailedAttempt: async ({ error, retriesLeft, retryDelay }) => {
        if (!(error instanceof CountersignError) || !error.worthRetrying || retriesLeft === 0)
          return;
        const wanted = Math.min(error.retryAfter, RETRY_AFTER_MAX_MS);
        if (wanted > retryDelay) await sleep(wanted - retryDelay);
      },
    });
  }

  /** Once more with a fresh token when the server refuses the one that we have. */
  async #authorized(call: Call<z.ZodType>, headers: Record<string, string>): Promise<unknown> {
    const token = await this.options.token();
    try {
      return await this.#attempt(call, headers, token);
    } catch (error) {
      const refused = error instanceof CountersignError && error.code.startsWith('auth.token-');
      if (!refused) throw error;
      return await this.#attempt(call, headers, await this.options.token(token));
    }
  }

  async #attempt(
    { method, path, query = {}, body, signal }: Call<z.ZodType>,
    headers: Record<string, string>,
    token: string,
  ): Promise<unknown> {
    const url = new URL(`api/v1${path}`, this.#base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const limit = AbortSignal.timeout(this.options.timeout ?? ATTEMPT_MS);
    const { response, text } = await answerOf(url, {
      method,
      headers: { ...headers, authorization: `Bearer ${token}`, accept: 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    if (!response.ok) throw problemOf(response, text);
    return text === '' ? {} : jsonIn(text);
  }
}

const inWords = ({ issues }: z.core.$ZodError): string =>
  issues
    .map(({ message, path }) => `${message} at ${z.core.toDotPath(path) || 'the top'}`)
    .join('; ');

async function answerOf(url: URL, init: RequestInit) {
  try {
    const response = await fetch(url, init);
    return { response, text: await response.text() };
  } catch (cause) {
    const context = { status: 0, cause };
    throw new CountersignError('sdk.unreachable', `${url.origin} does not answer`, context);
  }
}
