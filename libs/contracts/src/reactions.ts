import {
  ApprovalGranted,
  ApprovalRejected,
  ApprovalTimedOut,
  ApprovalWithdrawn,
} from './events/approval.events.js';
import { BulkJobApprovalRequested, BulkJobEnded } from './events/bulk-job.events.js';
import { TemplateVersionPublished, TemplateVersionRetired } from './events/template.events.js';
import {
  WorkflowApprovalAbandoned,
  WorkflowCancelled,
  WorkflowChildAbandoned,
  WorkflowChildEnded,
  WorkflowChildRequested,
  WorkflowEscalated,
  WorkflowInterventionRequested,
  WorkflowPaused,
  WorkflowResumed,
  WorkflowTransitionRequested,
} from './events/workflow.events.js';

/**
 * Which service acts on which event, its own included where another aggregate is concerned. The durable consumer of each is the
 * guarantee; besides, the service that appended the event offers it to the reactor directly, so that
 * whoever waits for the reply also sees what followed.
 */
export const reactors: Readonly<Record<string, readonly string[]>> = {
  [WorkflowTransitionRequested.type]: ['approval'],
  [WorkflowCancelled.type]: ['approval'],
  [WorkflowPaused.type]: ['approval'],
  [WorkflowResumed.type]: ['approval'],
  [WorkflowEscalated.type]: ['approval'],
  [WorkflowApprovalAbandoned.type]: ['approval'],
  [WorkflowInterventionRequested.type]: ['approval'],
  [BulkJobApprovalRequested.type]: ['approval'],
  [BulkJobEnded.type]: ['approval'],
  [WorkflowChildRequested.type]: ['workflow'],
  [WorkflowChildEnded.type]: ['workflow'],
  [WorkflowChildAbandoned.type]: ['workflow'],
  [ApprovalGranted.type]: ['workflow'],
  [ApprovalRejected.type]: ['workflow'],
  [ApprovalTimedOut.type]: ['workflow'],
  [ApprovalWithdrawn.type]: ['workflow'],
  [TemplateVersionPublished.type]: ['workflow'],
  [TemplateVersionRetired.type]: ['workflow'],
};

/** Subject on which a service takes an event offered to it. */
export function offerSubject(service: string, type: string): string {
  return `offer.${service}.${type}`;
}
