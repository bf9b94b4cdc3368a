import { AppError, invalid, messageOf, unavailable } from '@countersign/kernel';
import pg from 'pg';

/** Settings of every connection's session; backslashes escape spaces. */
const SETTINGS = {
  // A statement has to see what was committed before it, whatever the database's default is.
  default_transaction_isolation: 'read\\ committed',
  // All statements are written for one index each. Planned while the tables were small, or for the
  // values of the first calls, they would go on to read whole tables.
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  plan_cache_mode: 'force_generic_plan',
};

/**
 * Connections with deadlines on everything, so that a leaked transaction ends and a frozen server
 * shows. `statementTimeout` is in milliseconds.
 */
export function openPool(url: string, config: pg.PoolConfig, statementTimeout: number): pg.Pool {
  const pool = new pg.Pool({
    max: 8,
    application_name: 'countersign-event-store',
    connectionTimeoutMillis: Math.min(5_000, statementTimeout),
    // A new connection plans its statements anew, which the next append would pay for.
    idleTimeoutMillis: 300_000,
    keepAlive: true,
    statement_timeout: statementTimeout,
    // The client's own deadline, for a server that does not even say no.
    query_timeout: statementTimeout + 1_000,
    lock_timeout: Math.min(3_000, statementTimeout),
    idle_in_transaction_session_timeout: 10_000,
    options: Object.entries(SETTINGS)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    ...config,
    connectionString: url,
  });
  // A lost idle connection has left the pool by now; the next query opens another.
  pool.on('error', () => undefined);
  return pool;
}

const asText = { getTypeParser: () => (value: string) => value };

/** A prepared statement whose rows come as arrays of undecoded text. */
export async function query<Row extends (string | null)[]>(
  db: pg.Pool | pg.ClientBase,
  name: string,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const config: pg.QueryArrayConfig = {
    name,
    text,
    values: [...values],
    rowMode: 'array',
    types: asText,
  };
  return (await db.query<Row>(config)).rows;
}

function sqlState(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return error instanceof pg.DatabaseError && typeof code === 'string' ? code : '';
}

/**
 * Whether the server said that the statement failed and that nothing of it stands. Of everything
 * else (lost connections, our own deadline, a server on its way down) the outcome is not known.
 */
export function isRolledBack(error: unknown): boolean {
  return /^(?:22|23|40(?!003)|54|55|57014)/.test(sqlState(error));
}

/** Whether the same statement may succeed when it is repeated at once. */
export function isTransient(error: unknown): boolean {
  return sqlState(error).startsWith('40');
}

/** What a failure of Postgres looks like to callers. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  // Data that passed the edge and is refused all the same, such as nesting beyond the server's stack.
  if (/^(?:22|54)/.test(sqlState(error))) {
    return invalid('event-store.unstorable-event', messageOf(error), { cause: error });
  }
  return unavailable('event-store.unavailable', `event store: ${messageOf(error)}`, {
    cause: error,
  });
}
