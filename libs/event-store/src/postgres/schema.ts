import type { Pool, PoolClient } from 'pg';

/** Version of what is created below; raised with every change to it. */
const VERSION = 1;

/** What `append_batch` is told instead of a revision. */
export const EXPECT_NONE = -1;
export const EXPECT_EXISTS = -2;

/** How `append_batch` answers for each append. */
export const APPENDED = 'a';
export const DUPLICATE = 'd';
export const CONFLICT = 'c';

/** Positions in a marker are kept modulo this; see `markerFloor`. */
const MARKER_MODULUS = 2 ** 31;

/** @throws TypeError unless the name needs no quoting in SQL. */
export function checkSchemaName(schema: string): void {
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(schema)) throw new TypeError(`not a schema name: ${schema}`);
}

/** First key of the advisory locks of the store in this schema (FNV-1a). */
function lockSpace(schema: string): number {
  let hash = 0x811c9dc5;
  for (const char of `countersign.event-store.${schema}`) {
    hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  }
  return hash >>> 1;
}

/**
 * SQL for the lowest position that any append still under way had seen when it began: all of its own
 * positions lie above. Null when none is under way. `head` is the SQL of a position near the head.
 *
 * It reads who holds an append marker, so transactions that do not append are never waited for.
 */
export function markerFloor(schema: string, head: string): string {
  // The marker holds the low bits; the rest follows from lying within a billion of the head.
  const reference = `(${head} + ${MARKER_MODULUS / 2})`;
  return `(select min(${reference} - mod(${reference} - l.objid::bigint, ${MARKER_MODULUS}::bigint))
    from pg_catalog.pg_locks l
    where l.locktype = 'advisory' and l.classid::bigint = ${lockSpace(schema)} and l.objsubid = 2
      and l.database = (select oid from pg_catalog.pg_database where datname = current_database()))`;
}

/**
 * Creates what the store needs, or finds it there. Any number of processes may do so at once.
 *
 * @throws Error when the schema was made by a later version of the product.
 */
export async function createSchema(pool: Pool, schema: string): Promise<void> {
  if ((await currentVersion(pool, schema)) === VERSION) return;
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(`select pg_advisory_xact_lock(${lockSpace(schema)}, -1)`);
    if ((await currentVersion(client, schema)) !== VERSION) await client.query(ddl(schema));
    await client.query('commit');
    client.release();
  } catch (error) {
    client.release(true); // ends the connection, and the transaction with it
    throw error;
  }
}

async function currentVersion(db: Pool | PoolClient, schema: string): Promise<number> {
  const exists = await db.query('select to_regclass($1) is not null as it', [`${schema}.versions`]);
  if (!(exists.rows as { it: boolean }[])[0]?.it) return 0;
  const found = await db.query(`select max(version)::int as version from ${schema}.versions`);
  const version = (found.rows as { version: number | null }[])[0]?.version ?? 0;
  if (version > VERSION) {
    throw new Error(`event store schema has version ${version}, this program knows ${VERSION}`);
  }
  return version;
}

function ddl(schema: string): string {
  return `
create schema if not exists ${schema};
create table if not exists ${schema}.versions (
  version int primary key,
  created_at timestamptz not null default now()
);

-- Where each stream ends. Its row is what two writers of one stream meet at.
create table if not exists ${schema}.streams (
  stream_id text primary key,
  revision bigint not null
) with (fillfactor = 70);

-- Readers conclude from a position that all lower ones were handed out before it: never cache.
create sequence if not exists ${schema}.positions as bigint cache 1;

create table if not exists ${schema}.events (
  position bigint primary key,
  stream_id text not null,
  revision bigint not null,
  event_id uuid not null,
  category text not null,
  type text not null,
  schema_version int not null,
  data jsonb not null,
  metadata jsonb not null,
  recorded_at timestamptz not null default clock_timestamp(),
  unique (stream_id, revision)
);
create index if not exists events_category_position on ${schema}.events (category, position);

${appendFunction(schema)}
insert into ${schema}.versions (version) values (${VERSION});
`;
}

/**
 * One call appends a batch. \`p_of\` and \`p_at\` tell of each event the append (from 1) and the place
 * in it (from 1). Answers, per append: outcome, the last revision (of the append when it is stored,
 * else of the stream) and, of duplicates, the position; \`placed\` are the last positions of the
 * appended ones, in order.
 */
function appendFunction(schema: string): string {
  return `
create or replace function ${schema}.append_batch(
  p_streams text[], p_expected bigint[], p_counts int[],
  p_of int[], p_at int[], p_ids uuid[], p_types text[], p_versions int[], p_data text[], p_metadata text[],
  out outcomes text, out revisions bigint[], out found_at bigint[], out placed bigint[]
) language plpgsql as $body$
declare
  v_first int := 1;
  v_stream text;
  v_count int;
  v_base bigint;
  v_bases bigint[];
  v_seen int;
  v_position bigint;
  v_ok boolean;
begin
  -- A transaction that appends must end: the feed waits for it at the hole that it may leave.
  if current_setting('idle_in_transaction_session_timeout') = '0' then
    perform set_config('idle_in_transaction_session_timeout', '10s', true);
  end if;
  if current_setting('transaction_timeout', true) = '0' then
    perform set_config('transaction_timeout', '60s', true);
  end if;
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;

  -- The marker, before the sequence moves: all positions handed out below lie above what it says.
  select case when is_called then last_value else last_value - 1 end into v_position
    from ${schema}.positions;
  perform pg_advisory_xact_lock_shared(${lockSpace(schema)}, mod(v_position, ${MARKER_MODULUS})::int);

  outcomes := '';
  for i in 1 .. cardinality(p_streams) loop
    v_stream := p_streams[i];
    v_count := p_counts[i];
    v_base := p_expected[i];

    if v_base >= 0 then
      update ${schema}.streams s set revision = s.revision + v_count
        where s.stream_id = v_stream and s.revision = v_base;
      v_ok := found;
    elsif v_base = ${EXPECT_NONE} then
      insert into ${schema}.streams as s (stream_id, revision) values (v_stream, v_count - 1)
        on conflict do nothing;
      v_ok := found;
    else
      -- The row first, so that a repeat waits for its first attempt and then sees its events.
      perform from ${schema}.streams s where s.stream_id = v_stream for update;
      select e.revision - 1 into v_base from ${schema}.events e
        where e.stream_id = v_stream and e.event_id = p_ids[v_first] order by e.revision limit 1;
      v_ok := false;
      if not found then
        update ${schema}.streams s set revision = s.revision + v_count
          where s.stream_id = v_stream returning s.revision - v_count into v_base;
        v_ok := found;
      end if;
    end if;

    if v_ok then
      outcomes := outcomes || '${APPENDED}';
      v_bases[i] := v_base;
      revisions[i] := v_base + v_count;
      found_at[i] := 0;
    else
      select count(*), max(e.position) into v_seen, v_position
        from unnest(p_ids[v_first : v_first + v_count - 1]) with ordinality as given(id, at)
        join ${schema}.events e
          on e.stream_id = v_stream and e.revision = v_base + given.at and e.event_id = given.id;
      if v_seen = v_count then
        outcomes := outcomes || '${DUPLICATE}';
        revisions[i] := v_base + v_count;
        found_at[i] := v_position;
      else
        outcomes := outcomes || '${CONFLICT}';
        revisions[i] :=
          coalesce((select s.revision from ${schema}.streams s where s.stream_id = v_stream), -1);
        found_at[i] := 0;
      end if;
      v_bases[i] := null;
    end if;
    v_first := v_first + v_count;
  end loop;

  if position('${APPENDED}' in outcomes) > 0 then
    with accepted as materialized (
      select given.*, nextval('${schema}.positions') as position
        from unnest(p_of, p_at, p_ids, p_types, p_versions, p_data, p_metadata)
          as given(of, at, event_id, type, schema_version, data, metadata)
        where v_bases[given.of] is not null
    ), stored as (
      insert into ${schema}.events
        (position, stream_id, revision, event_id, category, type, schema_version, data, metadata)
      select a.position, p_streams[a.of], v_bases[a.of] + a.at, a.event_id,
        split_part(p_streams[a.of], '-', 1), a.type, a.schema_version, a.data::jsonb, a.metadata::jsonb
        from accepted a
    )
    select array_agg(a.position order by a.of) into placed
      from accepted a where a.at = p_counts[a.of];
  end if;
end
$body$;
`;
}
