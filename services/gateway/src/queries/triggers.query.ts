import {
  Id,
  Name,
  Trigger,
  type TriggerFiringRow,
  type TriggerRow,
  TriggerStatus,
} from '@countersign/contracts';
import { notFound } from '@countersign/kernel';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

import { after, createdMicros, decodeCursor, type Page, toPage } from './cursor.js';
import { anyCase, itemsOf, pageOf, paging, Text, Timestamp } from './parameters.js';
import type { ReadView } from './read-view.js';

const types = ['MANUAL', 'SCHEDULED', 'EVENT', 'THRESHOLD'] as const;

export const TriggersParameters = z.strictObject({
  /** Without it: those that are not deleted. */
  status: anyCase(['ACTIVE', 'PAUSED', 'DELETED']).optional(),
  type: anyCase(types).optional(),
});

export const FiringsParameters = z.strictObject({
  outcome: Text.toLowerCase().optional(),
  ...paging,
});

export const TriggerItem = z.object({
  triggerId: Id,
  name: Name,
  type: z.enum(types),
  status: TriggerStatus,
  template: Name,
  trigger: Trigger.describe('as it was registered'),
  nextDue: Timestamp.nullable().describe('of a scheduled one that is active'),
  registeredBy: z.string(),
  registeredAt: Timestamp,
  changedBy: z.string(),
  reason: z.string().nullable().describe('of the last change of its status'),
  updatedAt: Timestamp,
});
export const TriggerList = itemsOf(TriggerItem);

const TriggerFiring = z.object({
  firingId: Id,
  outcome: z
    .enum(['started', 'ignored', 'signalled', 'paused', 'late', 'skipped', 'refused', 'incident'])
    .describe(
      '`skipped`: times that were missed and not made up for; `refused`: by hand, whoever did so was told',
    ),
  message: z
    .object({ id: z.string(), subject: z.string().nullable(), sequence: z.int().optional() })
    .optional(),
  scheduledFor: Timestamp.optional(),
  commandId: Id.optional().describe('of one that was fired by hand'),
  workflowId: Id.nullable().describe('the one that was started, or that has the business key'),
  businessKey: z.string().nullable(),
  reason: z.string().nullable(),
  at: Timestamp,
});
export const TriggerFirings = pageOf(TriggerFiring);

/** Triggers, and what came of their firings. */
@Injectable()
export class TriggersQuery {
  /** All of them, by name. */
  async list(
    view: ReadView,
    { status, type }: z.output<typeof TriggersParameters>,
  ): Promise<{ items: readonly object[] }> {
    let query = view.triggers().selectAll();
    if (type !== undefined) query = query.where('type', '=', type);
    query = status ? query.where('status', '=', status) : query.where('status', '!=', 'DELETED');
    const rows = await query.orderBy('name').execute();
    return { items: rows.map(toItem) };
  }

  /** Also one that was deleted. @throws AppError `trigger.not-found`. */
  async get(view: ReadView, triggerId: string): Promise<object> {
    const query = view.triggers().selectAll().where('trigger_id', '=', triggerId);
    const row = await query.executeTakeFirst();
    if (!row) throw notFound('trigger.not-found', 'there is no such trigger');
    return toItem(row);
  }

  /** Newest first. @throws AppError `trigger.not-found`. */
  async firings(
    view: ReadView,
    triggerId: string,
    { outcome, limit, cursor }: z.output<typeof FiringsParameters>,
  ): Promise<Page<object>> {
    await this.get(view, triggerId);
    let query = view
      .firings()
      .selectAll()
      .select(createdMicros.as('created_micros'))
      .where('trigger_id', '=', triggerId);
    if (outcome !== undefined) query = query.where('outcome', '=', outcome);
    if (cursor !== undefined) query = query.where(after(decodeCursor(cursor), 'firing_id'));
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('firing_id', 'desc')
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, (row) => row.firing_id, toFiring);
  }
}

function toItem(row: TriggerRow) {
  return {
    triggerId: row.trigger_id,
    name: row.name,
    type: row.type,
    status: row.status,
    template: row.template,
    trigger: row.trigger,
    nextDue: row.next_due,
    registeredBy: row.registered_by,
    registeredAt: row.registered_at,
    changedBy: row.changed_by,
    reason: row.reason,
    updatedAt: row.updated_at,
  };
}

function toFiring(row: TriggerFiringRow) {
  return {
    firingId: row.firing_id,
    outcome: row.outcome,
    ...causeOf(row),
    workflowId: row.workflow_id,
    businessKey: row.business_key,
    reason: row.reason,
    at: row.created_at,
  };
}

/** What fired it, from the id of the message, time or command. */
function causeOf({ message_id, subject }: TriggerFiringRow): object {
  const [kind = '', first = ''] = message_id.split(':');
  if (kind === 'schedule' || kind === 'skipped') {
    return { scheduledFor: message_id.slice(kind.length + 1) };
  }
  if (kind === 'manual') return { commandId: first };
  return {
    message: { id: message_id, subject, ...(first === '' ? {} : { sequence: Number(first) }) },
  };
}
