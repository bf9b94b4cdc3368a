import type { WorkflowEvent } from '@countersign/contracts';
import type { StoredEvent } from '@countersign/kernel';

import type { Projection } from './projection.js';

type Transitioned = Extract<WorkflowEvent, { type: 'workflow.transitioned' }>;

/** The audit log of moves: one row for each, never changed. */
export const workflowTransitions: Projection<'workflow_transitions'> = {
  table: 'workflow_transitions',
  key: ['workflow_id', 'sequence'],
  categories: ['workflow'],
  folds: false,
  keyOf({ event }) {
    if (event.type !== 'workflow.transitioned') return undefined;
    const { workflowId, sequence } = (event as Transitioned).data;
    return `${workflowId}/${sequence}`;
  },
  project({ event, stored }) {
    const { data } = event as Transitioned;
    const { recordedAt } = stored.metadata;
    const { actor, onBehalfOf } = moverOf(data, stored);
    return {
      workflow_id: data.workflowId,
      sequence: data.sequence,
      from_state: data.from,
      to_state: data.to,
      event: data.event,
      trigger: data.trigger,
      actor,
      on_behalf_of: onBehalfOf ?? null,
      at: recordedAt,
      reason: data.reason ?? null,
      approval_id: data.approvalId ?? null,
      approval_outcome: data.approvalOutcome ?? null,
      requester: data.requester ?? null,
      decided_by: data.decidedBy ?? null,
      event_id: stored.eventId,
      scope: data.scope ?? null,
    };
  },
};

/** A signal that was kept moves the instance for whoever sent it, not for whoever had it looked at again. */
function moverOf(
  { trigger, approvalId, requester }: Transitioned['data'],
  { metadata: { actor, onBehalfOf } }: StoredEvent,
): { readonly actor: string; readonly onBehalfOf?: string | undefined } {
  const isKept = trigger === 'signal' && approvalId === undefined && requester !== actor;
  return isKept && requester !== undefined ? { actor: requester } : { actor, onBehalfOf };
}
