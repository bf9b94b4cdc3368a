import { notFound } from '@countersign/kernel';
import { Injectable } from '@nestjs/common';

import type { ReadView } from './read-view.js';

/** A workflow's way through its states: who moved it, when, why, and on whose approval. */
@Injectable()
export class WorkflowTransitionsQuery {
  /** @throws AppError `workflow.not-found`. */
  async list(view: ReadView, workflowId: string): Promise<{ items: readonly object[] }> {
    const rows = await view
      .transitions()
      .selectAll()
      .where('workflow_id', '=', workflowId)
      .orderBy('sequence')
      .execute();
    if (rows.length === 0) await this.#mustExist(view, workflowId);
    const delegatorOf = await this.#delegators(view, rows);
    const items = rows.map((row) => ({
      sequence: row.sequence,
      from: row.from_state,
      to: row.to_state,
      event: row.event,
      trigger: row.trigger,
      actor: row.actor,
      onBehalfOf: row.on_behalf_of,
      at: row.at,
      reason: row.reason,
      approvalId: row.approval_id,
      approvalOutcome: row.approval_outcome,
      requester: row.requester,
      decidedBy: row.decided_by,
      decisions:
        row.decided_by?.map((approver) => ({
          approver,
          onBehalfOf: delegatorOf(row.approval_id, approver),
        })) ?? null,
    }));
    return { items };
  }

  /** For whom somebody decided in an approval; null for themselves. One person decides once in an approval. */
  async #delegators(
    view: ReadView,
    rows: readonly { readonly approval_id: string | null }[],
  ): Promise<(approvalId: string | null, approver: string) => string | null> {
    const approvals = rows.flatMap(({ approval_id }) => approval_id ?? []);
    if (approvals.length === 0) return () => null;
    const decisions = await view
      .decisions()
      .select(['approval_id', 'approver', 'on_behalf_of'])
      .where('approval_id', 'in', approvals)
      .where('status', '=', 'COUNTED')
      .where('on_behalf_of', 'is not', null)
      .execute();
    const key = (approvalId: string, approver: string) => JSON.stringify([approvalId, approver]);
    const known = new Map(
      decisions.map((each) => [key(each.approval_id, each.approver), each.on_behalf_of]),
    );
    return (approvalId, approver) => known.get(key(approvalId ?? '', approver)) ?? null;
  }

  async #mustExist(view: ReadView, workflowId: string): Promise<void> {
    const workflow = await view
      .workflows()
      .select('workflow_id')
      .where('workflow_id', '=', workflowId)
      .executeTakeFirst();
    if (!workflow) throw notFound('workflow.not-found', 'there is no such workflow');
  }
}
