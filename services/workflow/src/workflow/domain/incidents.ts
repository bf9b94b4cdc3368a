import { TIMERS_FAILED, type WorkflowEvent } from '@countersign/contracts';
import { derivedId } from '@countersign/kernel';

import type { Draft } from './draft.js';
import type { ExistingWorkflow, WorkflowState } from './state.js';

/** Once for each place and reason, while it is open. */
export function raiseIncident(draft: Draft, code: string, message: string): void {
  draft.add(...incident(draft.state, code, message, draft.cause.now));
}

/**
 * That firing the timers of an instance has failed again and again, for a reason that is not its definition's. They stand
 * still until somebody tries again, or the instance is moved.
 */
export function timersFailed(
  state: WorkflowState,
  message: string,
  now: Date,
): readonly WorkflowEvent[] {
  if (state.kind !== 'existing' || state.status !== 'ACTIVE') return [];
  return incident(state, TIMERS_FAILED, message, now);
}

function incident(
  { identity, enteredAt, state, incidents }: ExistingWorkflow,
  code: string,
  message: string,
  now: Date,
): WorkflowEvent[] {
  const incidentId = derivedId('workflow incident', identity.workflowId, enteredAt, code);
  if (incidents.some((open) => open.incidentId === incidentId)) return [];
  const data = { ...identity, incidentId, code, message, state, raisedAt: now.toISOString() };
  return [{ type: 'workflow.incident-raised', data }];
}
