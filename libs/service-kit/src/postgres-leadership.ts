import { messageOf } from '@countersign/kernel';
import type { Leadership } from '@countersign/messaging';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Log } from './log.js';

const RETRY_MS = 1_000;

/**
 * Leadership by session advisory locks: Postgres gives each to one session, and takes it back when
 * the session ends. All names of a process share one session.
 */
export class PostgresLeadership implements Leadership {
  #client: Promise<pg.Client> | undefined;
  #lost = new AbortController();

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
        const { rows } = await client.query<{ held: boolean }>(
          `SELECT pg_try_advisory_lock(hashtext('countersign.leader'), hashtext($1)) AS held`,
          [name],
        );
        if (rows[0]?.held) return lost;
      } catch (error) {
        this.log.warn({ name, reason: messageOf(error) }, 'no leadership for now');
      }
      await sleep(RETRY_MS, undefined, { signal });
    }
  }

  /** The session answers, so its locks are still held. */
  async holds(): Promise<boolean> {
    const { signal } = this.#lost;
    const client = await this.#session();
    await client.query('SELECT 1');
    return !signal.aborted && signal === this.#lost.signal;
  }

  async release(name: string): Promise<void> {
    if (!this.#client) return;
    const client = await this.#client.catch(() => undefined);
    await client
      ?.query(`SELECT pg_advisory_unlock(hashtext('countersign.leader'), hashtext($1))`, [name])
      .catch(() => undefined);
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.end().catch(() => undefined);
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
