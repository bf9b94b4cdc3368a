import { Id, type IncidentRow, JsonRecord } from '@countersign/contracts';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

import { after, createdMicros, decodeCursor, type Page, toPage } from './cursor.js';
import { anyCase, pageOf, paging, Timestamp } from './parameters.js';
import type { ReadView } from './read-view.js';

const IncidentKind = z.enum(['dead-letter', 'trigger', 'workflow', 'approval']);

export const IncidentsParameters = z.strictObject({
  status: anyCase(['OPEN', 'RESOLVED']).optional(),
  kind: z.string().toLowerCase().pipe(IncidentKind).meta({ enum: IncidentKind.options }).optional(),
  workflowId: Id.optional(),
  ...paging,
});

const Incident = z.object({
  incidentId: Id,
  kind: IncidentKind.describe('what it is about'),
  status: z.enum(['OPEN', 'RESOLVED']),
  code: z.string().describe('stable, for programs'),
  message: z.string(),
  workflowId: Id.nullable(),
  businessKey: z.string().nullable(),
  trigger: z.string().nullable(),
  source: JsonRecord.describe('where it came from: subject, stream, sequence and the like'),
  scope: z.string().nullable(),
  createdAt: Timestamp,
  lastFailedAt: Timestamp.describe(
    'later than `createdAt` when it came back after it was tried again',
  ),
  resolvedAt: Timestamp.nullable(),
  resolvedBy: z.string().nullable(),
  resolution: JsonRecord.nullable().describe(
    '`{resolution, outcomes}` of one that was tried again',
  ),
});

export const IncidentsPage = pageOf(Incident);

type Parameters = z.output<typeof IncidentsParameters>;

/** What needs a person. */
@Injectable()
export class IncidentsQuery {
  async list(view: ReadView, parameters: Parameters): Promise<Page<object>> {
    const { status, kind, workflowId, limit, cursor } = parameters;
    let query = view.incidents().selectAll().select(createdMicros.as('created_micros'));
    if (status !== undefined) query = query.where('status', '=', status);
    if (kind !== undefined) query = query.where('kind', '=', kind);
    if (workflowId !== undefined) query = query.where('workflow_id', '=', workflowId);
    if (cursor !== undefined) query = query.where(after(decodeCursor(cursor), 'incident_id'));
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('incident_id', 'desc')
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, (row) => row.incident_id, toItem);
  }

  /** What it is, and of which workflow. */
  find(view: ReadView, incidentId: string) {
    const columns = ['kind', 'workflow_id'] as const;
    const query = view.incidents().select(columns).where('incident_id', '=', incidentId);
    return query.executeTakeFirst();
  }
}

function toItem(row: IncidentRow) {
  return {
    incidentId: row.incident_id,
    kind: row.kind,
    status: row.status,
    code: row.code,
    message: row.message,
    workflowId: row.workflow_id,
    businessKey: row.business_key,
    trigger: row.trigger,
    source: row.source,
    scope: row.scope,
    createdAt: row.created_at,
    lastFailedAt: row.last_failed_at,
    resolvedAt: row.resolved_at,
    resolvedBy: row.resolved_by,
    resolution: row.resolution,
  };
}
