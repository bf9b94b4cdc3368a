import { ApprovalPolicy } from '@countersign/state-machine';
import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { BusinessKey, Id, JsonRecord, Sha256 } from '../scalars.js';

const workflow = { workflowId: Id, template: z.string(), businessKey: BusinessKey.optional() };

/** An instance exists. `draft` ones wait for their activation. */
export const WorkflowStarted = defineEvent('workflow.started', {
  ...workflow,
  templateVersion: z.int().positive(),
  /** Content hash of the definition that the instance is pinned to, overrides included. */
  definitionHash: Sha256,
  state: z.string(),
  context: JsonRecord,
  draft: z.boolean(),
  /** What decides who may see it, such as a desk. */
  scope: z.string().optional(),
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
  reason: z.string().optional(),
  input: JsonRecord.optional(),
  approvalId: Id,
  requester: z.string(),
  policy: ApprovalPolicy,
  /** What approvers are shown, and its hash, to which their decisions bind. */
  subject: JsonRecord,
  subjectHash: Sha256,
  scope: z.string().optional(),
});

/** The instance moved. */
export const WorkflowTransitioned = defineEvent('workflow.transitioned', {
  ...workflow,
  sequence: z.int().positive(),
  from: z.string(),
  to: z.string(),
  event: z.string(),
  trigger: z.enum(['manual', 'automatic']),
  reason: z.string().optional(),
  input: JsonRecord.optional(),
  approvalId: Id.optional(),
  approvalOutcome: z.enum(['granted', 'rejected']).optional(),
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
  outcome: z.string(),
});

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
  scope: z.string().optional(),
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
  WorkflowApprovalOutcomeDeferred,
  WorkflowCompleted,
  WorkflowPaused,
  WorkflowResumed,
  WorkflowCancelled,
  WorkflowIncidentRaised,
  WorkflowStartAbandoned,
] as const;
export type WorkflowEvent = EventOf<typeof workflowEvents>;
