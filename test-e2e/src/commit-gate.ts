import { eventually, type TestDatabase } from '@countersign/testing';
import pg from 'pg';

import type { ServicesProcess } from './services-process.js';

/** Any number that nothing else locks. */
const LOCK = 7_005_005;

/**
 * Kills a process exactly between an append that is durable and whatever the process does when it learns of that: an
 * answer, an acknowledgement, the next append. The append's transaction is made to wait where it commits; the process is
 * frozen; the transaction may commit; and the process is killed.
 */
export class CommitGate {
  private constructor(
    private readonly client: pg.Client,
    private readonly processes: readonly ServicesProcess[],
  ) {}

  /** @param processes those that may be caught. */
  static async open(
    database: TestDatabase,
    processes: readonly ServicesProcess[],
  ): Promise<CommitGate> {
    const client = new pg.Client({ connectionString: database.url });
    // A server that is killed is reported by the query under way.
    client.on('error', () => undefined);
    await client.connect();
    // A transaction that is let wait must not give up by itself.
    await client.query(`
      CREATE FUNCTION public.wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true);
        PERFORM pg_advisory_xact_lock_shared(${LOCK});
        RETURN NULL;
      END $$`);
    return new CommitGate(client, processes);
  }

  /**
   * Catches the process that is about to commit such an event, and kills it.
   *
   * @param event SQL condition on the row, which is called `new`.
   * @param act leads to the event; what becomes of it when the process is gone does not matter.
   * @param beforeCommit called when the process is dead; until it is done, the append is not to be seen.
   */
  async kill(
    event: string,
    act: () => Promise<unknown>,
    beforeCommit?: () => Promise<unknown>,
  ): Promise<ServicesProcess> {
    await this.#close(event);
    const acting = act().catch(() => undefined);
    let caught: ServicesProcess;
    try {
      caught = await eventually(() => this.#waiting(), { within: 30_000, every: 5 });
      caught.freeze();
      if (beforeCommit) {
        await caught.kill();
        await beforeCommit();
      }
    } finally {
      await this.#open();
    }
    await caught.kill();
    await acting;
    return caught;
  }

  /** Waits until an append of another process waits for the one that is held up. */
  async untilBlocked(): Promise<void> {
    await eventually(
      async () => {
        const { rows } = await this.client.query(
          `SELECT FROM pg_stat_activity waits
           JOIN pg_locks held ON held.pid = ANY (pg_blocking_pids(waits.pid))
           WHERE held.locktype = 'advisory' AND held.objid = ${LOCK} AND NOT held.granted`,
        );
        return rows.length > 0;
      },
      { within: 60_000, every: 10 },
    );
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  async #close(event: string): Promise<void> {
    await this.client.query(`SELECT pg_advisory_lock(${LOCK})`);
    await this.client.query(`
      CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON event_store.events
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (${event})
      EXECUTE FUNCTION public.wait_at_the_gate()`);
  }

  /** Lets everybody through, and waits until they are. */
  async #open(): Promise<void> {
    await this.client.query(`SELECT pg_advisory_unlock(${LOCK})`);
    // Takes a lock that no transaction may stand in the way of: all that waited have committed.
    await this.client.query('DROP TRIGGER gate ON event_store.events');
  }

  async #waiting(): Promise<ServicesProcess | undefined> {
    const { rows } = await this.client.query<{ name: string }>(
      `SELECT application_name AS name FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE locktype = 'advisory' AND objid = ${LOCK} AND NOT granted`,
    );
    return this.processes.find(({ name }) => rows.some((row) => row.name === name));
  }
}
