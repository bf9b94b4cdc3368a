import type { Checkpoints } from '@countersign/messaging';
import type pg from 'pg';

/** Where readers of the feed have come to, by name. Lives beside the read tables, not among them. */
export class PostgresCheckpoints implements Checkpoints {
  private constructor(private readonly pool: pg.Pool) {}

  static async open(pool: pg.Pool): Promise<PostgresCheckpoints> {
    // Several processes may start at once, and Postgres' IF NOT EXISTS alone is not safe then.
    await pool.query(`
      DO $$ BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('countersign.relay'));
        CREATE SCHEMA IF NOT EXISTS relay;
        CREATE TABLE IF NOT EXISTS relay.checkpoints (
          name text PRIMARY KEY, position text NOT NULL, updated_at timestamptz NOT NULL
        );
      END $$`);
    return new PostgresCheckpoints(pool);
  }

  async load(name: string): Promise<string | undefined> {
    const { rows } = await this.pool.query<{ position: string }>(
      'SELECT position FROM relay.checkpoints WHERE name = $1',
      [name],
    );
    return rows[0]?.position;
  }

  async save(name: string, position: string): Promise<void> {
    await this.pool.query(
      `INSERT INTO relay.checkpoints (name, position, updated_at) VALUES ($1, $2, now())
       ON CONFLICT (name) DO UPDATE SET position = excluded.position, updated_at = now()`,
      [name, position],
    );
  }
}
