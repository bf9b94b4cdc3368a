import { Approver, DefinitionOverrides } from '@countersign/state-machine/schemas';
import { z } from 'zod';

import { defineEvent, type EventOf } from '../event-type.js';
import { BusinessKey, Id, JsonRecord, Sha256 } from '../scalars.js';
import { approvalRequest, waitingSignal } from './shared-members.js';

/** What every event of an instance says, so that a subscriber or a read table needs no other event. */
const workflow = {
  workflowId: Id,
  template: z.string(),
  businessKey: BusinessKey.optional(),
  /** What decides who may see it, such as a desk. */
  scope: z.string().optional(),
};

/** What administrators do with the consent of a second person. */
const interventions = ['force', 'migration', 'reset'] as const;

/** A moment at which something happens to the instance by itself. */
const timer = {
  /** `after`: a transition of the state; `state`: the state's timeout; `overall`: the instance's. */
  kind: z.enum(['after', 'state', 'overall']),
  /** The transition's place in the definition, for `after`. */
  transition: z.int().nonnegative().optional(),
};

/** How an approval of the instance ended. */
const outcome = {
  approvalId: Id,
  outcome: z.enum(['granted', 'rejected', 'withdrawn']),
  reason: z.string().optional(),
  /** Those who decided it, in order. */
  decidedBy: z.array(z.string()).optional(),
};

const incident = {
  incidentId: Id,
  code: z.string(),
  message: z.string(),
  state: z.string(),
  raisedAt: z.iso.datetime().optional(),
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
  trigger: z
    .object({ name: z.string(), messageId: z.string(), subject: z.string().optional() })
    .optional(),
  /** The instance that waits for this one. */
  parentId: Id.optional(),
  /** Others who gave a part of the context. */
  editors: z.array(z.string()).optional(),
  /** How many instances above this one wait for each other; absent: none. */
  depth: z.int().positive().optional(),
  /** What approvals were to be like for this instance; part of the definition that it is pinned to. */
  overrides: DefinitionOverrides.optional(),
  /** Fields of the context that it can be found by. */
  indexed: z.array(z.string()).optional(),
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
  ...approvalRequest,
  signalId: Id.optional(),
});

/** The instance moved. */
export const WorkflowTransitioned = defineEvent('workflow.transitioned', {
  ...workflow,
  sequence: z.int().positive(),
  from: z.string(),
  to: z.string(),
  event: z.string(),
  trigger: z.enum([
    'manual',
    'automatic',
    'after',
    'signal',
    'timeout',
    'escalation',
    ...interventions,
  ]),
  reason: z.string().optional(),
  input: JsonRecord.optional(),
  approvalId: Id.optional(),
  approvalOutcome: z.enum(['granted', 'rejected']).optional(),
  /** The signal that was used up by it. */
  signalId: Id.optional(),
  /** Who asked for it: by hand, by an intervention or by a signal. Whoever came with an input may not approve what comes of it. */
  requester: z.string().optional(),
  /** Those who granted or rejected its approval, in order; empty at level AUTO. */
  decidedBy: z.array(z.string()).optional(),
});

/** The approval was refused, and the definition says to stay. */
export const WorkflowTransitionRejected = defineEvent('workflow.transition-rejected', {
  ...workflow,
  sequence: z.int().positive(),
  from: z.string(),
  event: z.string(),
  approvalId: Id,
  /** Whether it was turned down or is no longer asked for. Absent: rejected. */
  outcome: z.enum(['rejected', 'withdrawn']).optional(),
  reason: z.string().optional(),
});

/** An approval ended while the instance was paused; its resumption applies the outcome. */
export const WorkflowApprovalOutcomeDeferred = defineEvent('workflow.approval-outcome-deferred', {
  ...workflow,
  ...outcome,
});

/** It reached a final state. */
export const WorkflowCompleted = defineEvent('workflow.completed', {
  ...workflow,
  state: z.string(),
});

/** It reached a state that stands for failure. */
export const WorkflowFailed = defineEvent('workflow.failed', {
  ...workflow,
  state: z.string(),
  /** Why, when it was not the definition that led there. */
  reason: z.string().optional(),
});

/** Nothing moves until it is resumed, and its timers stand still. */
export const WorkflowPaused = defineEvent('workflow.paused', {
  ...workflow,
  reason: z.string(),
  frozen: z.array(z.object({ ...timer, remainingMs: z.int().nonnegative() })).optional(),
  /** The approval that is open: its deadlines stand still as well. */
  approvalId: Id.optional(),
});

export const WorkflowResumed = defineEvent('workflow.resumed', {
  ...workflow,
  reason: z.string(),
  approvalId: Id.optional(),
});

export const WorkflowCancelled = defineEvent('workflow.cancelled', {
  ...workflow,
  reason: z.string(),
  /** The approval that was open, to be withdrawn. */
  approvalId: Id.optional(),
});

/** Code of the incident of an instance whose timers stand still, because firing them failed too often. */
export const TIMERS_FAILED = 'workflow.timers-failed';

/** An expression could not be evaluated: the instance stays where it is and an incident is open. */
export const WorkflowIncidentRaised = defineEvent('workflow.incident-raised', {
  ...workflow,
  ...incident,
});

/** What was wrong has been put right; the incident as it was raised. */
export const WorkflowIncidentResolved = defineEvent('workflow.incident-resolved', {
  ...workflow,
  ...incident,
});

/** Nobody may start this instance any more: its business key went to another one. */
export const WorkflowStartAbandoned = defineEvent('workflow.start-abandoned', {
  workflowId: Id,
  reason: z.string(),
});

/** Fields of the context have other values. */
export const WorkflowContextChanged = defineEvent('workflow.context-changed', {
  ...workflow,
  changes: JsonRecord,
  removed: z.array(z.string()).optional(),
  /** For whose account; may not approve what it became. */
  changedBy: z.string(),
});

/** An event of the template's author. */
export const WorkflowEmitted = defineEvent('workflow.emitted', {
  ...workflow,
  event: z.string(),
  payload: JsonRecord,
});

/** All timers that run from now on. */
export const WorkflowTimersSet = defineEvent('workflow.timers-set', {
  ...workflow,
  timers: z.array(z.object({ ...timer, dueAt: z.iso.datetime() })),
});

/** Kept until a transition takes it or its time is over. */
export const WorkflowSignalReceived = defineEvent('workflow.signal-received', {
  ...workflow,
  ...waitingSignal,
});

/** Its sender or an operator has taken it back before a transition took it. */
export const WorkflowSignalWithdrawn = defineEvent('workflow.signal-withdrawn', {
  ...workflow,
  signalId: Id,
  name: z.string(),
});

export const WorkflowSignalExpired = defineEvent('workflow.signal-expired', {
  ...workflow,
  signalId: Id,
  name: z.string(),
});

/** Another instance is to be started, whose end this one waits for. */
export const WorkflowChildRequested = defineEvent('workflow.child-requested', {
  ...workflow,
  childId: Id,
  childTemplate: z.string(),
  childVersion: z.int().positive().optional(),
  childBusinessKey: BusinessKey.optional(),
  childContext: JsonRecord,
  /** How deep below the first instance it will be. */
  depth: z.int().positive().optional(),
  /** Everybody who gave a part of what its context is made from. */
  editors: z.array(z.string()).optional(),
  /** For whose account. */
  requester: z.string(),
});

/** An instance that another one waits for has ended. */
export const WorkflowChildEnded = defineEvent('workflow.child-ended', {
  ...workflow,
  parentId: Id,
  outcome: z.enum(['completed', 'failed', 'cancelled']),
  state: z.string(),
  context: JsonRecord,
  /** Everybody who gave a part of the context, or moved it: editors of whatever takes its outcome. */
  editors: z.array(z.string()).optional(),
});

/** The instance goes on without the one it waited for, which is to be cancelled. */
export const WorkflowChildAbandoned = defineEvent('workflow.child-abandoned', {
  ...workflow,
  childId: Id,
  reason: z.string(),
});

/** The instance goes on without the approval it waited for, which is to be withdrawn. */
export const WorkflowApprovalAbandoned = defineEvent('workflow.approval-abandoned', {
  ...workflow,
  approvalId: Id,
  reason: z.string(),
});

/** It takes longer than it may, and people have to look at it. */
export const WorkflowEscalated = defineEvent('workflow.escalated', {
  ...workflow,
  state: z.string(),
  reason: z.string(),
  /** The approval that is open: more people are asked. */
  approvalId: Id.optional(),
  /** Who is asked when its policy names nobody else. */
  administrators: z.array(Approver).optional(),
});

/** Somebody asks to move the instance against or beside its definition; a second person has to agree. */
export const WorkflowInterventionRequested = defineEvent('workflow.intervention-requested', {
  ...workflow,
  kind: z.enum(interventions),
  from: z.string(),
  to: z.string(),
  /** Moves the instance had made; granted after another one, it is dropped as stale. */
  sequence: z.int().nonnegative(),
  reason: z.string(),
  /** A reset's context; a migration's definition. */
  context: JsonRecord.optional(),
  templateVersion: z.int().positive().optional(),
  definitionHash: Sha256.optional(),
  ...approvalRequest,
});

/** How an intervention came out. */
export const WorkflowInterventionEnded = defineEvent('workflow.intervention-ended', {
  ...workflow,
  kind: z.enum(interventions),
  approvalId: Id,
  outcome: z.enum(['applied', 'rejected', 'stale', 'failed', 'withdrawn']),
  reason: z.string().optional(),
});

/** The instance follows another version of its template from now on. */
export const WorkflowMigrated = defineEvent('workflow.migrated', {
  ...workflow,
  fromVersion: z.int().positive(),
  fromHash: Sha256,
  templateVersion: z.int().positive(),
  definitionHash: Sha256,
  approvalId: Id,
  /** What the versions that it has followed so far protect: stays in force for interventions. Absent: nothing. */
  protections: z
    .array(
      z.object({
        state: z.string(),
        level: z.enum(['SINGLE', 'DUAL', 'COMMITTEE']),
        people: z.int().positive(),
      }),
    )
    .optional(),
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
  WorkflowIncidentResolved,
  WorkflowStartAbandoned,
  WorkflowContextChanged,
  WorkflowEmitted,
  WorkflowTimersSet,
  WorkflowSignalReceived,
  WorkflowSignalExpired,
  WorkflowSignalWithdrawn,
  WorkflowChildRequested,
  WorkflowChildEnded,
  WorkflowChildAbandoned,
  WorkflowApprovalAbandoned,
  WorkflowEscalated,
  WorkflowInterventionRequested,
  WorkflowInterventionEnded,
  WorkflowMigrated,
] as const;
export type WorkflowEvent = EventOf<typeof workflowEvents>;
