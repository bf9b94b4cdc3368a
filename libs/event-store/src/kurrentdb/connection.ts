import { KurrentDBClient } from '@kurrent/kurrentdb-client';

import { AppendSlots } from './append-slots.js';
import { isStuck, type Place, toFailure } from './failures.js';

/** Milliseconds without any success after which a new client is tried, and between such tries. */
const RENEW_AFTER = 5_000;

/** A client of the library's, replaced when only that can help. */
export class Connection {
  #client: KurrentDBClient;
  #slots = new AppendSlots();
  #lastSuccess = -Infinity;
  #renewedAt = -Infinity;
  readonly #used: KurrentDBClient[] = [];

  /** @throws Error when the connection string cannot be understood. */
  constructor(private readonly url: string) {
    this.#client = this.#connect();
  }

  get client(): KurrentDBClient {
    return this.#client;
  }

  /** For the appends on the current client. */
  get slots(): AppendSlots {
    return this.#slots;
  }

  /** Whether the server answered a moment ago. */
  get isUp(): boolean {
    return performance.now() - this.#lastSuccess < RENEW_AFTER;
  }

  succeeded(): void {
    this.#lastSuccess = performance.now();
  }

  /**
   * What a failure means to callers. The library does connect anew by itself, but not out of every
   * state: a failed question for the server's features, for one, is remembered for ever and fails
   * all appends.
   */
  failed(error: unknown, client: KurrentDBClient, place?: Place): unknown {
    const isDue = performance.now() - this.#renewedAt > RENEW_AFTER;
    if (isDue && !this.isUp && isStuck(error)) this.renew(client);
    return toFailure(error, place);
  }

  /** Puts a new client in place of one, unless that has been done. */
  renew(client: KurrentDBClient): void {
    if (client !== this.#client) return;
    this.#renewedAt = performance.now();
    this.#slots = new AppendSlots();
    this.#client = this.#connect();
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#used.map((client) => client.dispose()));
  }

  #connect(): KurrentDBClient {
    // The older scheme means the same, but is complained about on the console.
    const url = this.url.replace(/^esdb(?=\+discover:|:)/, 'kurrentdb');
    const client = KurrentDBClient.connectionString(url);
    this.#used.push(client);
    return client;
  }
}
