import type { AppendResult } from '../event-store.js';
import { prepareAppend } from '../prepared-event.js';
import { events, freshStream } from '../contract/given.js';
import pg from 'pg';

import { sendBatch } from './append-batch.js';

/**
 * Test support: appends in a transaction of its own that is held open, rolled back or killed, as a
 * writer would that is not this library or has gone wrong.
 */
export class RawAppender {
  readonly #client: pg.Client;
  readonly #schema: string;

  private constructor(client: pg.Client, schema: string) {
    this.#client = client;
    this.#schema = schema;
    client.on('error', () => undefined); // killed connections are the point of some tests
  }

  /** Connects with no deadlines but those that the append function sets, and begins a transaction. */
  static async begin(url: string, schema = 'event_store'): Promise<RawAppender> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('begin');
    return new RawAppender(client, schema);
  }

  /** Appends new events to a new stream. Answers the position of the last. */
  async append(stream = freshStream(), count = 1): Promise<string> {
    const prepared = prepareAppend(stream, 'none', events(count));
    const append = { stream, expected: 'none' as const, events: prepared };
    const results: AppendResult[] = await sendBatch(this.#client, this.#schema, [append]);
    const result = results[0];
    if (result?.outcome !== 'appended') throw new Error(`raw append: ${JSON.stringify(result)}`);
    return result.position;
  }

  async query(sql: string): Promise<Record<string, unknown>[]> {
    return (await this.#client.query<Record<string, unknown>>(sql)).rows;
  }

  /** Ends transaction and connection. */
  async commit(): Promise<void> {
    await this.#client.query('commit');
    await this.#client.end();
  }

  /** Ends transaction and connection. */
  async rollback(): Promise<void> {
    await this.#client.query('rollback');
    await this.#client.end();
  }

  /** Ends the connection's server process from another connection, as an operator would. */
  async kill(url: string): Promise<void> {
    const [row] = await this.query('select pg_backend_pid() as pid');
    const killer = new pg.Client({ connectionString: url });
    await killer.connect();
    await killer.query('select pg_terminate_backend($1, 5000)', [row?.['pid']]);
    await killer.end();
    await this.#client.end().catch(() => undefined);
  }
}
