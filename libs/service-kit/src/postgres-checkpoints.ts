import type { Checkpoints, RelayCheckpoint } from '@countersign/messaging';
import type pg from 'pg';

/** Where the relays have come to, by name. Lives beside the read tables, not among them. */
export class PostgresCheckpoints implements Checkpoints {
  private constructor(private readonly pool: pg.Pool) {}

  static async open(pool: pg.Pool): Promise<PostgresCheckpoints> {
    // Several processes may start at once, and Postgres' IF NOT EXISTS alone is not safe then.
    await pool.query(`
      DO $$ BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('countersign.relay'));
        CREATE SCHEMA IF NOT EXISTS relay;
        CREATE TABLE IF NOT EXISTS relay.progress (
          name text PRIMARY KEY,
          position text NOT NULL,
          stream_created text NOT NULL,
          updated_at timestamptz NOT NULL
        );
      END $$`);
    return new PostgresCheckpoints(pool);
  }

  async load(name: string): Promise<RelayCheckpoint | undefined> {
    const { rows } = await this.pool.query<RelayCheckpoint>(
      `SELECT position, stream_created AS "streamCreated" FROM relay.progress WHERE name = $1`,
      [name],
    );
    return rows[0];
  }

  async save(name: string, { position, streamCreated }: RelayCheckpoint): Promise<void> {
    await this.pool.query(
      `INSERT INTO relay.progress (name, position, stream_created, updated_at)
       VALUES ($1, $2, $3, now())
       ON CONFLICT (name) DO UPDATE SET position = excluded.position,
         stream_created = excluded.stream_created, updated_at = now()`,
      [name, position, streamCreated],
    );
  }
}
