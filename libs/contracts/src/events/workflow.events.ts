import { ApprovalPolicy } from '@countersign/state-machine';
import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { BusinessKey, Id, JsonRecord, Sha256 } from '../scalars.js';

/** What every event of an instance says, so that a subscriber or a read table needs no other event. */
const workflow = {
  workflowId: Id,
  template: z.string(),
  businessKey: BusinessKey.optional(),
  /** What decides who may see it, such as a desk. */
  scope: z.string().optional(),
};

/** An instance exists. `draft` ones wait for their activation. */
export const WorkflowStarted = defineEvent('workflow.started', {
  ...workflow,
  templateVersion: z.int().positive(),
  /** Content hash of the definition that the instance is pinned to, overrides included. */
  definitionHash: Sha256,
  state: z.string(),
  context: JsonRecord,
  draft: z.boolean(),
  /** Verified subject of whoever gave the context. */
  startedBy: z.string(),
  /** The trigger and message that started it, when no person did. */
  trigger: z.object({ name: z.string(), messageId: z.string() }).optional(),
});

export const WorkflowActivated = defineEvent('workflow.activated', workflow);

/** A transition waits for an approval; the approval service opens it on seeing this. */
export const WorkflowTransitionRequested = defineEvent('workflow.transition-requested', {
  ...workflow,
  /** Number of the transition in this instance, from 1. */
  sequence: z.int().positive(),
  from: z.string(),
  to: z.string(),
  event: z.string(),
  trigger: z.enum(['manual', 'automatic', 'after', 'signal']),
  reason: z.string().optional(),
  input: JsonRecord.optional(),
  approvalId: Id,
  requester: z.string(),
  /** Those who made the subject what it is; like the requester they may not decide. */
  editors: z.array(z.string()),
  policy: ApprovalPolicy,
  /** What approvers are shown, and its hash, to which their decisions bind. */
  subject: JsonRecord,
  subjectHash: Sha256,
});

/** The instance moved. */
export const WorkflowTransitioned = defineEvent('workflow.transitioned', {
  ...workflow,
  sequence: z.int().positive(),
  from: z.string(),
  to: z.string(),
  event: z.string(),
  trigger: z.enum(['manual', 'automatic', 'after', 'signal']),
  reason: z.string().optional(),
  input: JsonRecord.optional(),
  approvalId: Id.optional(),
  approvalOutcome: z.enum(['granted', 'rejected']).optional(),
});

/** The approval was refused, and the definition says to stay. */
export const WorkflowTransitionRejected = defineEvent('workflow.transition-rejected', {
  ...workflow,
  sequence: z.int().positive(),
  from: z.string(),
  event: z.string(),
  approvalId: Id,
  reason: z.string().optional(),
});

/** An approval ended while the instance was paused; its resumption applies the outcome. */
export const WorkflowApprovalOutcomeDeferred = defineEvent('workflow.approval-outcome-deferred', {
  ...workflow,
  approvalId: Id,
  outcome: z.enum(['granted', 'rejected']),
  reason: z.string().optional(),
});

/** It reached a final state. */
export const WorkflowCompleted = defineEvent('workflow.completed', {
  ...workflow,
  state: z.string(),
});

/** It reached a state that stands for failure. */
export const WorkflowFailed = defineEvent('workflow.failed', { ...workflow, state: z.string() });

export const WorkflowPaused = defineEvent('workflow.paused', { ...workflow, reason: z.string() });

export const WorkflowResumed = defineEvent('workflow.resumed', { ...workflow, reason: z.string() });

export const WorkflowCancelled = defineEvent('workflow.cancelled', {
  ...workflow,
  reason: z.string(),
  /** The approval that was open, to be withdrawn. */
  approvalId: Id.optional(),
});

/** An expression could not be evaluated: the instance stays where it is and an incident is open. */
export const WorkflowIncidentRaised = defineEvent('workflow.incident-raised', {
  ...workflow,
  incidentId: Id,
  code: z.string(),
  message: z.string(),
  state: z.string(),
});

/** Nobody may start this instance any more: its business key went to another one. */
export const WorkflowStartAbandoned = defineEvent('workflow.start-abandoned', {
  workflowId: Id,
  reason: z.string(),
});

export const workflowEvents = [
  WorkflowStarted,
  WorkflowActivated,
  WorkflowTransitionRequested,
  WorkflowTransitioned,
  WorkflowTransitionRejected,
  WorkflowApprovalOutcomeDeferred,
  WorkflowCompleted,
  WorkflowFailed,
  WorkflowPaused,
  WorkflowResumed,
  WorkflowCancelled,
  WorkflowIncidentRaised,
  WorkflowStartAbandoned,
] as const;
export type WorkflowEvent = EventOf<typeof workflowEvents>;
