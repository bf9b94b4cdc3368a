import { takeMarker } from './append-marker.js';

/** What the function is told instead of a revision. */
export const EXPECT_NONE = -1;
export const EXPECT_EXISTS = -2;

/** How it answers for each append. */
export const APPENDED = 'a';
export const DUPLICATE = 'd';
const CONFLICT = 'c';

/** Up to here it inserts events one by one. */
const FEW_EVENTS = 3;

/**
 * SQL of the function that appends a batch: all of it in one transaction and one round trip, each
 * append answered for itself.
 *
 * Of each event, `p_of` and `p_at` tell the append and the place in it, both from 1. The answer holds,
 * for each append, its outcome; its last revision where it is stored, else the stream's; and where a
 * duplicate was found. `placed` are the last positions of those appended now, in order.
 *
 * A conflict is an answer, not an error, and takes no position.
 */
export function appendFunction(schema: string): string {
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
  perform ${takeMarker(schema, 'v_position')};

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

  if position('${APPENDED}' in outcomes) = 0 then
    return;
  end if;
  if cardinality(p_ids) <= ${FEW_EVENTS} then
    -- The same as below, event by event: dearer for many, but quicker to start.
    for j in 1 .. cardinality(p_ids) loop
      v_base := v_bases[p_of[j]];
      continue when v_base is null;
      insert into ${schema}.events
        (position, stream_id, revision, event_id, category, type, schema_version, data, metadata)
      values (nextval('${schema}.positions'), p_streams[p_of[j]], v_base + p_at[j], p_ids[j],
        split_part(p_streams[p_of[j]], '-', 1), p_types[j], p_versions[j], p_data[j]::jsonb, p_metadata[j]::jsonb)
      returning position into v_position;
      if p_at[j] = p_counts[p_of[j]] then
        placed := array_append(placed, v_position);
      end if;
    end loop;
    return;
  end if;
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
end
$body$;
`;
}
