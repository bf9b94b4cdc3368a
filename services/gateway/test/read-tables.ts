import type { ReadModel } from '@countersign/contracts';
import { Kysely, PostgresDialect, sql } from 'kysely';
import type pg from 'pg';

type Columns = { readonly [Table in keyof ReadModel]?: Record<keyof ReadModel[Table], string> };

/** The read tables that the gateway reads, as far as its queries rely on types. The projector makes the real ones. */
const columns = {
  workflow_instances: {
    workflow_id: 'uuid',
    template: 'text',
    template_version: 'integer',
    definition_hash: 'text',
    business_key: 'text',
    status: 'text',
    state: 'text',
    context: 'jsonb',
    pending_transition: 'jsonb',
    intervention: 'jsonb',
    timers: 'jsonb',
    due_at: 'timestamptz',
    indexed: 'text[]',
    search: 'jsonb',
    parent_id: 'uuid',
    started_by: 'text',
    scope: 'text',
    revision: 'integer',
    created_at: 'timestamptz',
    updated_at: 'timestamptz',
    ended_at: 'timestamptz',
  },
  workflow_transitions: {
    workflow_id: 'uuid',
    sequence: 'integer',
    from_state: 'text',
    to_state: 'text',
    event: 'text',
    trigger: 'text',
    actor: 'text',
    on_behalf_of: 'text',
    at: 'timestamptz',
    reason: 'text',
    approval_id: 'uuid',
    approval_outcome: 'text',
    event_id: 'uuid',
    scope: 'text',
  },
  approval_requests: {
    approval_id: 'uuid',
    workflow_id: 'uuid',
    template: 'text',
    business_key: 'text',
    requester: 'text',
    editors: 'text[]',
    status: 'text',
    level: 'text',
    required: 'integer',
    policy: 'jsonb',
    approver_people: 'text[]',
    approver_roles: 'text[]',
    approver_groups: 'text[]',
    voters: 'text[]',
    subject: 'jsonb',
    subject_hash: 'text',
    scope: 'text',
    revision: 'integer',
    created_at: 'timestamptz',
    updated_at: 'timestamptz',
    ended_at: 'timestamptz',
  },
  approval_decisions: {
    decision_id: 'uuid',
    approval_id: 'uuid',
    approver: 'text',
    action: 'text',
    reason: 'text',
    subject_hash: 'text',
    qualified_by: 'text',
    at: 'timestamptz',
    scope: 'text',
  },
  templates: {
    name: 'text',
    version: 'integer',
    status: 'text',
    title: 'text',
    description: 'text',
    definition_hash: 'text',
    language: 'text',
    author: 'text',
    submitted_by: 'text',
    published_by: 'text',
    published_at: 'timestamptz',
    findings: 'jsonb',
    imported_from: 'jsonb',
    history: 'jsonb',
    revision: 'integer',
    created_at: 'timestamptz',
    updated_at: 'timestamptz',
  },
  definitions: { hash: 'text', definition: 'jsonb' },
  incidents: {
    incident_id: 'uuid',
    kind: 'text',
    status: 'text',
    code: 'text',
    message: 'text',
    workflow_id: 'uuid',
    business_key: 'text',
    trigger: 'text',
    source: 'jsonb',
    scope: 'text',
    created_at: 'timestamptz',
  },
  projection_checkpoint: {
    id: 'integer',
    position: 'text',
    shape: 'text',
    updated_at: 'timestamptz',
  },
} satisfies Columns;

/** Creates the tables in an empty database, and answers what rows can be put in with. */
export async function createReadTables(pool: pg.Pool): Promise<Kysely<ReadModel>> {
  const db = new Kysely<ReadModel>({ dialect: new PostgresDialect({ pool }) });
  for (const [table, types] of Object.entries(columns)) {
    const list = Object.entries(types).map(([name, type]) => `${name} ${type}`);
    await sql.raw(`CREATE TABLE ${table} (${list.join(', ')})`).execute(db);
  }
  await db
    .insertInto('projection_checkpoint')
    .values({ id: 1, position: null, shape: '', updated_at: new Date() })
    .execute();
  return db;
}
