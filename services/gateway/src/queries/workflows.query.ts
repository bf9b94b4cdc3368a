import type { WorkflowInstanceRow } from '@countersign/contracts';
import { notFound } from '@countersign/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';

import { AvailableTransitions } from './available-transitions.js';
import { after, createdMicros, decodeCursor, type Page, toPage } from './cursor.js';
import { anyCase, paging, Text } from './parameters.js';
import type { NamedStatement, ReadView } from './read-view.js';

export const WorkflowsParameters = z.strictObject({
  status: anyCase(['DRAFT', 'ACTIVE', 'PAUSED', 'COMPLETED', 'CANCELLED', 'FAILED']).optional(),
  template: Text.optional(),
  state: Text.optional(),
  businessKey: Text.optional(),
  ...paging,
});

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
] as const;
const detailColumns = [...itemColumns, 'context', 'definition_hash', 'revision'] as const;

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

  async list(view: ReadView, parameters: Parameters): Promise<Page<object>> {
    const { status, template, state, businessKey, limit, cursor } = parameters;
    let query = view.workflows().select(itemColumns).select(createdMicros.as('created_micros'));
    if (status !== undefined) query = query.where('status', '=', status);
    if (template !== undefined) query = query.where('template', '=', template);
    if (state !== undefined) query = query.where('state', '=', state);
    if (businessKey !== undefined) query = query.where('business_key', '=', businessKey);
    if (cursor !== undefined) query = query.where(after(decodeCursor(cursor), 'workflow_id'));
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('workflow_id', 'desc')
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, (row) => row.workflow_id, toItem);
  }

  /** @throws AppError `workflow.not-found`. */
  async get(view: ReadView, workflowId: string): Promise<object> {
    const [row] = await view.run<DetailRow>(workflowById, workflowId);
    if (!row) throw notFound('workflow.not-found', 'there is no such workflow');
    return {
      ...toItem(row),
      context: row.context,
      definitionHash: row.definition_hash,
      availableTransitions: await this.available.of(view, row),
    };
  }
}

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
  };
}
