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
    }));
    return { items };
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
