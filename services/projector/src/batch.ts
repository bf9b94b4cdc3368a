import { decodeEvent } from '@countersign/contracts';
import { categoryOf, derivedId, idOf, messageOf, type StoredEvent } from '@countersign/kernel';

import { projections } from './projections/index.js';
import type { AnyRow, ProjectedEvent, RowOf, TableName } from './projections/projection.js';

type Row = AnyRow;

/** A row to be written, under its table and key. */
export type Changes = ReadonlyMap<TableName, ReadonlyMap<string, Row>>;

/** Rows as they stand, for tables whose rows are folded. */
export type PresentRows = (table: TableName, key: string) => Row | undefined;

/** The keys of the folded rows that a batch needs and does not itself begin. */
export function keysToLoad(events: readonly StoredEvent[]): Map<TableName, Set<string>> {
  const begun = new Set(events.filter((event) => event.revision === 0).map(({ stream }) => stream));
  const keys = new Map<TableName, Set<string>>();
  for (const projection of projections) {
    if (!projection.folds) continue;
    const wanted = new Set<string>();
    for (const stored of events) {
      const { stream } = stored;
      const category = categoryOf(stream);
      if (!projection.categories.includes(category)) continue;
      if (begun.has(stream) && category === projection.categories[0]) continue;
      for (const key of projection.keysOfStored?.(stored) ?? [idOf(stream)]) wanted.add(key);
    }
    if (wanted.size > 0) keys.set(projection.table, wanted);
  }
  return keys;
}

/**
 * The rows that a batch of events leads to. An event that cannot be projected parks its stream: it
 * and the stream's later events are left out, and a row in `parked_streams` and one in `incidents` say
 * so. The other streams go on.
 */
export function projectBatch(
  events: readonly StoredEvent[],
  present: PresentRows,
  parked: ReadonlySet<string>,
): { changes: Changes; newlyParked: ReadonlyMap<string, string> } {
  const changes = new Map<TableName, Map<string, Row>>();
  const newlyParked = new Map<string, string>();
  const put = (table: TableName, key: string, row: Row) => {
    const rows = changes.get(table) ?? new Map<string, Row>();
    rows.set(key, row);
    changes.set(table, rows);
  };
  for (const stored of events) {
    if (parked.has(stored.stream) || newlyParked.has(stored.stream)) continue;
    try {
      const projected = { event: decodeEvent(stored), stored };
      const rows = rowsOf(
        projected,
        (table, key) => changes.get(table)?.get(key) ?? present(table, key),
      );
      for (const [table, key, row] of rows) put(table, key, row);
    } catch (error) {
      newlyParked.set(stored.stream, messageOf(error));
      const { parkedStream, incident } = parkingRows(stored, messageOf(error));
      put('parked_streams', parkedStream.stream, parkedStream);
      put('incidents', incident.incident_id, incident);
    }
  }
  return { changes, newlyParked };
}

function rowsOf(projected: ProjectedEvent, current: PresentRows): [TableName, string, Row][] {
  const category = categoryOf(projected.stored.stream);
  const rows: [TableName, string, Row][] = [];
  for (const projection of projections) {
    if (!projection.categories.includes(category)) continue;
    const { table, folds } = projection;
    const before = (key: string) => (folds ? current(table, key) : undefined);
    for (const [key, row] of projection.rowsOf?.(projected, before) ?? []) {
      rows.push([table, key, row]);
    }
    const key = projection.keyOf?.(projected);
    if (key === undefined || !projection.project) continue;
    rows.push([table, key, projection.project(projected, before(key))]);
  }
  return rows;
}

function parkingRows(stored: StoredEvent, reason: string) {
  const { stream, revision, eventId, type, metadata } = stored;
  const parkedStream: RowOf<'parked_streams'> = {
    stream,
    revision,
    reason,
    parked_at: metadata.recordedAt,
  };
  const incident: RowOf<'incidents'> = {
    incident_id: derivedId('parked', stream),
    kind: 'projection',
    status: 'OPEN',
    code: 'projection.stream-parked',
    message: reason,
    workflow_id: null,
    business_key: null,
    trigger: null,
    source: { stream, revision, eventId, type },
    scope: null,
    created_at: metadata.recordedAt,
    last_failed_at: metadata.recordedAt,
    resolved_at: null,
    resolved_by: null,
    resolution: null,
  };
  return { parkedStream, incident };
}
