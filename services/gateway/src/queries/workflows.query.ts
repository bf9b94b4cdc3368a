import { Id, type WorkflowInstanceRow } from '@countersign/contracts';
import { type AppError, invalid, notFound, parseInput } from '@countersign/kernel';
import { FieldName } from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { z } from 'zod';

import { AvailableTransitions } from './available-transitions.js';
import { after, createdMicros, decodeCursor, type Page, toPage } from './cursor.js';
import { anyCase, paging, parseQuery, Text } from './parameters.js';
import type { NamedStatement, ReadView } from './read-view.js';

export const WorkflowsParameters = z.strictObject({
  status: anyCase(['DRAFT', 'ACTIVE', 'PAUSED', 'COMPLETED', 'CANCELLED', 'FAILED']).optional(),
  template: Text.optional(),
  state: Text.optional(),
  businessKey: Text.optional(),
  parentId: Id.optional(),
  ...paging,
});

/** `context.<field>=<value>`: instances whose template declares the field as indexed and that have that value in it. */
const SEARCHED = 'context.';

const SearchedField = FieldName.and(Text);

const ContextSearch = z
  .record(z.string(), Text)
  .refine((fields) => Object.keys(fields).length <= 10, 'at most 10 fields');

/**
 * Parses a query string of the list.
 *
 * @throws AppError `query.invalid`
 */
export function parseWorkflowsQuery(query: object): Parameters & { search: object } {
  const fields = Object.entries(query).filter(([name]) => name.startsWith(SEARCHED));
  const others = Object.entries(query).filter(([name]) => !name.startsWith(SEARCHED));
  const search = Object.fromEntries(
    fields.map(([name, value]: [string, unknown]) => [name.slice(SEARCHED.length), value]),
  );
  // Not left to the record: it passes over `__proto__`, and the list would not be filtered.
  const nameless = Object.keys(search).find((name) => !SearchedField.safeParse(name).success);
  if (nameless !== undefined) throw refusal([nameless], 'is not the name of a field');
  return {
    ...parseQuery(WorkflowsParameters, Object.fromEntries(others)),
    search: parseInput(ContextSearch, search, 'query.invalid'),
  };
}

type Parameters = z.output<typeof WorkflowsParameters>;

const itemColumns = [
  'workflow_id',
  'template',
  'template_version',
  'business_key',
  'status',
  'state',
  'scope',
  'started_by',
  'created_at',
  'updated_at',
  'ended_at',
  'pending_transition',
  'intervention',
  'due_at',
  'parent_id',
  'ended_by',
  'end_reason',
] as const;
const detailColumns = [
  ...itemColumns,
  'timers',
  'signals',
  'incidents',
  'child',
  'overrides',
  'context',
  'definition_hash',
  'revision',
] as const;

type ItemRow = Pick<WorkflowInstanceRow, (typeof itemColumns)[number]>;
type DetailRow = Pick<WorkflowInstanceRow, (typeof detailColumns)[number]>;

const workflowById: NamedStatement = {
  name: 'gateway.workflow-by-id',
  text: `SELECT ${detailColumns.join(', ')} FROM workflow_instances
         WHERE workflow_id = $1 AND ($2::text[] IS NULL OR scope = ANY($2))`,
};

/** Workflow instances: the list, and one of them with what it can do next. */
@Injectable()
export class WorkflowsQuery {
  constructor(@Inject(AvailableTransitions) private readonly available: AvailableTransitions) {}

  async list(
    view: ReadView,
    parameters: Parameters & { readonly search?: object },
  ): Promise<Page<object>> {
    const { status, template, state, businessKey, parentId, search = {} } = parameters;
    const { limit, cursor } = parameters;
    let query = view.workflows().select(itemColumns).select(createdMicros.as('created_micros'));
    if (status !== undefined) query = query.where('status', '=', status);
    if (template !== undefined) query = query.where('template', '=', template);
    if (state !== undefined) query = query.where('state', '=', state);
    if (businessKey !== undefined) query = query.where('business_key', '=', businessKey);
    if (parentId !== undefined) query = query.where('parent_id', '=', parentId);
    if (Object.keys(search).length > 0) {
      query = query.where(sql<boolean>`search @> ${JSON.stringify(search)}::jsonb`);
    }
    if (cursor !== undefined) query = query.where(after(decodeCursor(cursor), 'workflow_id'));
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('workflow_id', 'desc')
      .limit(limit + 1)
      .execute();
    if (rows.length === 0) await mustBeIndexed(view, Object.keys(search), template);
    return toPage(rows, limit, (row) => row.workflow_id, toItem);
  }

  /** @throws AppError `workflow.not-found`. */
  async get(view: ReadView, workflowId: string): Promise<object> {
    const [row] = await view.run<DetailRow>(workflowById, workflowId);
    if (!row) throw notFound('workflow.not-found', 'there is no such workflow');
    return {
      ...toItem(row),
      timers: row.timers['timers'],
      frozenTimers: row.timers['frozen'] ?? [],
      signals: row.signals,
      incidents: row.incidents,
      waitsFor: { child: row.child, signals: await this.available.signalsOf(view, row) },
      overrides: row.overrides,
      context: row.context,
      definitionHash: row.definition_hash,
      availableTransitions: await this.available.of(view, row),
    };
  }
}

/**
 * A field that no definition declares as indexed finds nothing, and never will: looked at only when nothing was found.
 *
 * @throws AppError `query.invalid` with the fields that there are, of the template or of all
 */
async function mustBeIndexed(
  view: ReadView,
  fields: readonly string[],
  template: string | undefined,
): Promise<void> {
  if (fields.length === 0) return;
  let query = view
    .definitions()
    .select(
      sql<string>`jsonb_path_query(definition, '$.contextSchema[*] ? (@.indexed == true).name') #>> '{}'`.as(
        'field',
      ),
    )
    .distinct();
  if (template !== undefined) {
    query = query.where(sql<boolean>`definition ->> 'name' = ${template}`);
  }
  const indexed = (await query.execute()).map(({ field }) => field).sort();
  const unknown = fields.filter((field) => !indexed.includes(field));
  if (unknown.length === 0) return;
  throw refusal(
    unknown,
    `is not declared as indexed; there are ${indexed.slice(0, MOST_NAMED).join(', ')}`,
  );
}

function refusal(fields: readonly string[], problem: string): AppError {
  const problems = fields.map((field) => ({ at: `/${SEARCHED}${field}`, problem }));
  return invalid('query.invalid', `${problems[0]?.at ?? ''}: ${problem}`, {
    details: { problems },
  });
}

/** Fields that a refusal names at most. */
const MOST_NAMED = 50;

function toItem(row: ItemRow) {
  return {
    workflowId: row.workflow_id,
    template: row.template,
    templateVersion: row.template_version,
    businessKey: row.business_key,
    status: row.status,
    state: row.state,
    scope: row.scope,
    startedBy: row.started_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
    pendingTransition: row.pending_transition,
    /** A force, reset or migration that waits for its approval. */
    intervention: row.intervention,
    /** When something happens by itself next. */
    dueAt: row.due_at,
    parentId: row.parent_id,
    endedBy: row.ended_by,
    endReason: row.end_reason,
  };
}
