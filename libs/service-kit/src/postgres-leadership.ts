import { messageOf, Turns } from '@countersign/kernel';
import type { Leadership } from '@countersign/messaging';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Log } from './log.js';

const RETRY_MS = 1_000;
const ANSWER_HOLDS_MS = 500;

/**
 * Leadership by session advisory locks: Postgres gives each to one session, and takes it back when
 * the session ends. All names of a process share one session.
 */
export class PostgresLeadership implements Leadership {
  #client: Promise<pg.Client> | undefined;
  #lost = new AbortController();
  readonly #turns = new Turns();
  /** When the session answered last. */
  #answered = 0;

  constructor(
    private readonly url: string,
    private readonly log: Log,
  ) {}

  async acquire(name: string, signal: AbortSignal): Promise<AbortSignal> {
    for (;;) {
      signal.throwIfAborted();
      try {
        const client = await this.#session();
        const lost = this.#lost.signal;
        const held = await this.#inTurn(async () => {
          const { rows } = await client.query<{ held: boolean }>(
            `SELECT pg_try_advisory_lock(hashtext('countersign.leader'), hashtext($1)) AS held`,
            [name],
          );
          return rows[0]?.held;
        });
        if (held) return lost;
      } catch (error) {
        this.log.warn({ name, reason: messageOf(error) }, 'no leadership for now');
      }
      await sleep(RETRY_MS, undefined, { signal });
    }
  }

  /**
   * The session answers, so its locks are still held. Asked at most every half second: who was frozen
   * for longer than that asks again before it goes on.
   */
  async holds(): Promise<boolean> {
    const { signal } = this.#lost;
    if (Date.now() - this.#answered < ANSWER_HOLDS_MS && !signal.aborted) return true;
    const client = await this.#session();
    await this.#inTurn(() => client.query('SELECT 1'));
    this.#answered = Date.now();
    return !signal.aborted && signal === this.#lost.signal;
  }

  async release(name: string): Promise<void> {
    if (!this.#client) return;
    const client = await this.#client.catch(() => undefined);
    const unlock = `SELECT pg_advisory_unlock(hashtext('countersign.leader'), hashtext($1))`;
    await this.#inTurn(async () => client?.query(unlock, [name])).catch(() => undefined);
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.end().catch(() => undefined);
  }

  /** One query at a time: the relays of a process share the session. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take('session', work);
  }

  #session(): Promise<pg.Client> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: 'countersign leader',
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
      keepAlive: true,
    });
    const lost = new AbortController();
    const forget = () => {
      lost.abort();
      if (this.#lost === lost) this.#client = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    this.#lost = lost;
    try {
      await client.connect();
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
    return client;
  }
}
