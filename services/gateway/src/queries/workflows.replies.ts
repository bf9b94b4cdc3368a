import { Id, JsonRecord, Name, Sha256 } from '@countersign/contracts';
import { ApprovalPolicy, DefinitionOverrides, TransitionTrigger } from '@countersign/state-machine';
import { z } from 'zod';

import { itemsOf, pageOf, Timestamp } from './parameters.js';

/** A transition that waits for its approval. */
const PendingTransition = z.object({
  event: z.string(),
  from: z.string(),
  to: z.string(),
  sequence: z.int().describe('number of the move, from 1'),
  approvalId: Id,
  requester: z.string().describe('who asked, and so may not decide'),
  requestedAt: Timestamp,
});

const Intervention = z.object({
  kind: z.enum(['force', 'migration', 'reset']),
  from: z.string(),
  to: z.string(),
  reason: z.string(),
  approvalId: Id,
  requester: z.string().describe('who asked, and so may not decide'),
  requestedAt: Timestamp,
});

const timer = {
  kind: z
    .enum(['after', 'state', 'overall'])
    .describe('a transition, a timeout of the state, or of all'),
  transition: z.int().optional().describe('its place in the definition'),
};
const Timer = z.object({ ...timer, dueAt: Timestamp });
const FrozenTimer = z.object({
  ...timer,
  remainingMs: z.int().nonnegative().describe('milliseconds that it has left from the resumption'),
});

const WaitingSignal = z.object({
  signalId: Id,
  name: z.string(),
  sender: z.string().nullable().describe('null for what the end of an invoked workflow says'),
  sentAt: Timestamp,
  expiresAt: Timestamp,
});

const OpenIncident = z.object({
  incidentId: Id,
  code: z.string().describe('stable, for programs'),
  message: z.string(),
  raisedAt: Timestamp,
});

/** A workflow in a list. */
export const WorkflowItem = z.object({
  workflowId: Id,
  template: Name,
  templateVersion: z.int().positive(),
  businessKey: z.string().nullable().describe('unique while the workflow runs'),
  status: z.enum(['DRAFT', 'ACTIVE', 'PAUSED', 'COMPLETED', 'CANCELLED', 'FAILED']),
  state: z.string().describe('where in its definition it stands'),
  scope: z.string().nullable().describe('what decides who may see it, such as a desk'),
  startedBy: z.string(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  endedAt: Timestamp.nullable(),
  pendingTransition: PendingTransition.nullable(),
  intervention: Intervention.nullable().describe(
    'a force, migration or reset that waits for its approval',
  ),
  dueAt: Timestamp.nullable().describe('when something happens by itself next'),
  parentId: Id.nullable().describe('the workflow that waits for this one'),
  endedBy: z.string().nullable().describe('whose doing its end was'),
  endReason: z.string().nullable().describe('why, when it was not led there by its definition'),
});

/** A way on from where a workflow stands. */
export const AvailableTransition = z.object({
  event: z.string(),
  to: z.string(),
  trigger: TransitionTrigger,
  description: z.string().optional(),
  requiresApproval: ApprovalPolicy.nullable(),
  available: z.boolean().describe('whether the caller may ask for it now'),
  dependsOnInput: z.boolean().describe('its condition looks at `input`, so only trying tells'),
  reason: z.enum(['role-missing', 'condition-false', 'condition-failed']).optional(),
  detail: z.string().optional().describe('why the condition could not be evaluated'),
});

/** One workflow. */
export const WorkflowDetail = WorkflowItem.extend({
  timers: z.array(Timer).describe('those that run'),
  frozenTimers: z.array(FrozenTimer).describe('those that stand still while it is paused'),
  signals: z.array(WaitingSignal).describe('those that no transition has taken yet, oldest first'),
  incidents: z.array(OpenIncident).describe('what has stopped it'),
  waitsFor: z.object({
    child: z
      .object({ workflowId: Id, template: Name })
      .nullable()
      .describe('the workflow that it has invoked'),
    signals: z.array(z.string()).describe('names of those that lead on from its state'),
  }),
  overrides: DefinitionOverrides.nullable().describe('what its approvals were to be like'),
  context: JsonRecord,
  definitionHash: Sha256.describe('of the definition that it is pinned to'),
  availableTransitions: z
    .array(AvailableTransition)
    .describe('empty unless it is ACTIVE and waits for no approval'),
});

/** A move in a workflow's audit trail. */
const WorkflowMove = z.object({
  sequence: z.int().positive(),
  from: z.string(),
  to: z.string(),
  event: z.string(),
  trigger: z
    .string()
    .describe('manual, automatic, after, signal, timeout, escalation, force, migration or reset'),
  actor: z.string().describe('verified subject of whoever caused the move'),
  onBehalfOf: z
    .string()
    .nullable()
    .describe(
      'whose act led to it, where the product itself moved it, such as the last who decided: no delegation',
    ),
  at: Timestamp,
  reason: z.string().nullable(),
  approvalId: Id.nullable(),
  approvalOutcome: z.enum(['granted', 'rejected']).nullable(),
  requester: z
    .string()
    .nullable()
    .describe(
      'who asked for it: by hand, by a signal or an intervention, or where it took an approval',
    ),
  decidedBy: z
    .array(z.string())
    .nullable()
    .describe(
      'who granted or rejected its approval, in order; their reasons are with the approval',
    ),
  decisions: z
    .array(
      z.object({
        approver: z.string(),
        onBehalfOf: z.string().nullable().describe('who delegated, where it was for somebody else'),
      }),
    )
    .nullable()
    .describe('the same, with whom they decided for'),
});

export const WorkflowsPage = pageOf(WorkflowItem);
export const WorkflowMoves = itemsOf(WorkflowMove);
