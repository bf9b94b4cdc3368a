import { ApprovalGranted, ApprovalRejected } from './events/approval.events.js';
import { WorkflowCancelled, WorkflowTransitionRequested } from './events/workflow.events.js';

/**
 * Which service acts on which event of another service. The durable consumer of each is the
 * guarantee; besides, the service that appended the event offers it to the reactor directly, so that
 * whoever waits for the reply also sees what followed.
 */
export const reactors: Readonly<Record<string, readonly string[]>> = {
  [WorkflowTransitionRequested.type]: ['approval'],
  [WorkflowCancelled.type]: ['approval'],
  [ApprovalGranted.type]: ['workflow'],
  [ApprovalRejected.type]: ['workflow'],
};

/** Subject on which a service takes an event offered to it. */
export function offerSubject(service: string, type: string): string {
  return `offer.${service}.${type}`;
}
