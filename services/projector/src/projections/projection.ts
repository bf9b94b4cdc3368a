import type { DomainEvent, ReadModel } from '@countersign/contracts';
import type { StoredEvent } from '@countersign/kernel';

/** An event of the feed, with its data lifted to today's version and parsed. */
export interface ProjectedEvent<Event extends DomainEvent = DomainEvent> {
  readonly event: Event;
  readonly stored: StoredEvent;
}

/** A table's row on its way in: times as RFC 3339 text. */
export type RowOf<Table extends keyof ReadModel> = {
  [Column in keyof ReadModel[Table]]: ReadModel[Table][Column] extends Date
    ? string
    : ReadModel[Table][Column] extends Date | null
      ? string | null
      : ReadModel[Table][Column];
};

export type TableName = keyof ReadModel;

/** A row of any of the tables. */
export type AnyRow = { [Table in TableName]: RowOf<Table> }[TableName];

/** How one read table follows from events. Pure. */
export interface Projection<Table extends TableName = TableName> {
  readonly table: Table;
  /** Columns of the primary key. */
  readonly key: readonly (keyof ReadModel[Table] & string)[];
  /** Categories of the streams whose events it takes. A folded row begins in a stream of the first. */
  readonly categories: readonly string[];
  /** Whether a row is folded from several events, so that the present one is needed. */
  readonly folds: boolean;
  /** Key of the row that the event touches (its columns joined by a slash), or undefined. */
  keyOf?(event: ProjectedEvent): string | undefined;
  /**
   * Keys of the rows that an event touches, from the event as it is stored: for a folded table in which a
   * stream has several rows, or touches those of another. Absent: a stream has one row, under its own id.
   */
  keysOfStored?(stored: StoredEvent): readonly string[];
  /** The row after the event. */
  project?(event: ProjectedEvent, current: RowOf<Table> | undefined): RowOf<Table>;
  /** Instead of `keyOf` and `project`, where an event touches several rows: these, each under its key. */
  rowsOf?(
    event: ProjectedEvent,
    current: (key: string) => RowOf<Table> | undefined,
  ): readonly (readonly [string, RowOf<Table>])[];
}

/** A projection of whichever table. */
export type AnyProjection = Omit<Projection, 'key' | 'project' | 'rowsOf'> & {
  readonly key: readonly string[];
  project?(event: ProjectedEvent, current: AnyRow | undefined): AnyRow;
  rowsOf?(
    event: ProjectedEvent,
    current: (key: string) => AnyRow | undefined,
  ): readonly (readonly [string, AnyRow])[];
};

/** The present row of a folded table. @throws Error when an earlier event of the stream is missing. */
export function present<Row>(row: Row | undefined, { stored }: ProjectedEvent): Row {
  if (row) return row;
  throw new Error(`${stored.stream}@${stored.revision}: the stream's beginning was not projected`);
}
