import type { ReadModel } from '@countersign/contracts';
import type { Actor } from '@countersign/kernel';
import { type Kysely, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type pg from 'pg';

import type { Visibility } from './visibility.js';

/** A statement that the database plans once for each connection. Its last parameter is the scopes. */
export interface NamedStatement {
  readonly name: string;
  readonly text: string;
}

/** The rows of a table that the caller may see. */
type Visible<Table extends keyof ReadModel> = SelectQueryBuilder<
  ReadModel,
  Table,
  ReadModel[Table]
>;

/** The tables of approvals as they are at one moment: what one statement reads the others read as well. */
export interface Moment {
  readonly approvals: Visible<'approval_requests'>;
  readonly decisions: Visible<'approval_decisions'>;
  readonly log: Visible<'approval_log'>;
  rows<Row>(statement: RawBuilder<Row>): Promise<Row[]>;
}

/**
 * The read tables as one caller sees them. Whoever queries takes the tables from here, so that none
 * is read without the caller's scope.
 */
export class ReadView {
  readonly #scopes: readonly string[] | null;

  constructor(
    readonly caller: Actor,
    visibility: Visibility,
    private readonly db: Kysely<ReadModel>,
    private readonly pool: pg.Pool,
  ) {
    this.#scopes = visibility === 'everything' ? null : visibility;
  }

  /** The scopes whose rows the caller may see; null: all. */
  get scopes(): readonly string[] | null {
    return this.#scopes;
  }

  get seesEverything(): boolean {
    return this.#scopes === null;
  }

  workflows() {
    return this.#scoped(this.db.selectFrom('workflow_instances'));
  }

  transitions() {
    return this.#scoped(this.db.selectFrom('workflow_transitions'));
  }

  approvals() {
    return this.#scoped(this.db.selectFrom('approval_requests'));
  }

  decisions() {
    return this.#scoped(this.db.selectFrom('approval_decisions'));
  }

  incidents() {
    return this.#scoped(this.db.selectFrom('incidents'));
  }

  /** Triggers are everybody's, as templates are; what they started is not. */
  triggers() {
    return this.db.selectFrom('triggers');
  }

  firings() {
    return this.#scoped(this.db.selectFrom('trigger_firings'));
  }

  /** Bulk jobs go across scopes: whoever may not see everything sees their own. */
  bulkJobs() {
    const query = this.db.selectFrom('bulk_jobs');
    return this.#scopes === null ? query : query.where('requested_by', '=', this.caller.id);
  }

  bulkJobItems() {
    const query = this.db.selectFrom('bulk_job_items');
    if (this.#scopes === null) return query;
    return query.where('job_id', 'in', this.bulkJobs().select('job_id'));
  }

  /** Jobs of many decisions, as bulk jobs. */
  decisionJobs() {
    const query = this.db.selectFrom('decision_jobs');
    return this.#scopes === null ? query : query.where('requester', '=', this.caller.id);
  }

  decisionJobItems() {
    const query = this.db.selectFrom('decision_job_items');
    if (this.#scopes === null) return query;
    return query.where('job_id', 'in', this.decisionJobs().select('job_id'));
  }

  /** Templates and definitions are everybody's: they say how things are done, not what is done. */
  templates() {
    return this.db.selectFrom('templates');
  }

  definitions() {
    return this.db.selectFrom('definitions');
  }

  /** Runs a frequent statement, with the caller's scopes as its last parameter (null: no limit). */
  async run<Row extends object>(statement: NamedStatement, ...values: unknown[]): Promise<Row[]> {
    const { name, text } = statement;
    const query = { name, text, values: [...values, this.#scopes] };
    return (await this.pool.query<Row>(query)).rows;
  }

  /** Reads at one moment, for at most so many milliseconds a statement (SQLSTATE 57014 beyond that). */
  atOneMoment<Result>(
    timeoutMs: number,
    read: (moment: Moment) => Promise<Result>,
  ): Promise<Result> {
    const reading = this.db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only');
    return reading.execute(async (db) => {
      await sql`SELECT set_config('statement_timeout', ${String(timeoutMs)}, true)`.execute(db);
      return read({
        approvals: this.#scoped(db.selectFrom('approval_requests')).selectAll(),
        decisions: this.#scoped(db.selectFrom('approval_decisions')).selectAll(),
        log: this.#scoped(db.selectFrom('approval_log')).selectAll(),
        rows: async (statement) => (await statement.execute(db)).rows,
      });
    });
  }

  #scoped<Table extends keyof ReadModel, Row>(query: SelectQueryBuilder<ReadModel, Table, Row>) {
    const scopes = this.#scopes;
    return scopes === null ? query : query.where(sql<boolean>`scope = ANY(${scopes}::text[])`);
  }
}
