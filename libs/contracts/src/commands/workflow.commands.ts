import {
  ApprovalLevel,
  DefinitionOverrides,
  Duration,
  durationMs,
} from '@countersign/state-machine/schemas';
import { z } from 'zod';

import { BusinessKey, Id, JsonRecord, Name, Position, Reason } from '../scalars.js';
import { defineCommand } from './command-type.js';

/** Where a workflow stands after a command. */
export const WorkflowReply = z.object({
  workflowId: Id,
  status: z.string(),
  state: z.string(),
  /** The approval that was opened by it, if one was. */
  approvalId: Id.optional(),
  incidents: z
    .array(z.object({ incidentId: Id, code: z.string(), message: z.string() }))
    .optional()
    .describe('what has stopped it, if anything has: `POST /workflows/{id}/retry` tries again'),
  position: Position,
});
export type WorkflowReply = z.infer<typeof WorkflowReply>;

export const StartWorkflowBody = z.strictObject({
  template: Name,
  version: z.int().positive().optional(),
  businessKey: BusinessKey.optional(),
  context: JsonRecord,
  overrides: DefinitionOverrides.optional(),
  draft: z.boolean().optional(),
});
export type StartWorkflowBody = z.infer<typeof StartWorkflowBody>;

export const TransitionBody = z.strictObject({
  event: z.string().min(1).max(100),
  reason: Reason.optional(),
  input: JsonRecord.optional(),
});

export const ReasonBody = z.strictObject({ reason: Reason });

const ofWorkflow = { workflowId: Id };

export const StartWorkflow = defineCommand('workflow', 'start', StartWorkflowBody, WorkflowReply);

export const ActivateWorkflow = defineCommand(
  'workflow',
  'activate',
  z.strictObject(ofWorkflow),
  WorkflowReply,
);

export const TransitionWorkflow = defineCommand(
  'workflow',
  'transition',
  TransitionBody.extend(ofWorkflow),
  WorkflowReply,
);

export const PauseWorkflow = defineCommand(
  'workflow',
  'pause',
  ReasonBody.extend(ofWorkflow),
  WorkflowReply,
);

export const ResumeWorkflow = defineCommand(
  'workflow',
  'resume',
  ReasonBody.extend(ofWorkflow),
  WorkflowReply,
);

export const CancelWorkflow = defineCommand(
  'workflow',
  'cancel',
  ReasonBody.extend(ofWorkflow),
  WorkflowReply,
);

export const FailWorkflow = defineCommand(
  'workflow',
  'fail',
  ReasonBody.extend(ofWorkflow),
  WorkflowReply,
);

/** Tries again what an incident has stopped. */
export const RetryWorkflow = defineCommand(
  'workflow',
  'retry',
  z.strictObject(ofWorkflow),
  WorkflowReply,
);

/** How long a signal waits for a transition that takes it: usually, and at most. */
const DEFAULT_SIGNAL_TTL = 'P7D';
const LONGEST_SIGNAL_TTL = 'P30D';

export const SignalBody = z.strictObject({
  name: z.string().min(1).max(64),
  payload: JsonRecord.default({}),
  ttl: Duration.refine(
    (ttl) => durationMs(ttl) <= durationMs(LONGEST_SIGNAL_TTL),
    `at most ${LONGEST_SIGNAL_TTL}`,
  )
    .default(DEFAULT_SIGNAL_TTL)
    .describe(`ISO 8601 duration, at most ${LONGEST_SIGNAL_TTL}`),
});

const signalled = {
  signalId: Id,
  outcome: z
    .enum(['taken', 'kept', 'failed'])
    .describe(
      'whether a transition took it, or it waits for one; failed: its condition or action could not be evaluated, which is an incident',
    ),
};

export const SignalReply = WorkflowReply.extend(signalled);
export type SignalReply = z.infer<typeof SignalReply>;

export const SignalWorkflow = defineCommand(
  'workflow',
  'signal',
  SignalBody.extend(ofWorkflow),
  SignalReply,
);

/** Takes a signal back that no transition has taken yet. */
export const WithdrawSignal = defineCommand(
  'workflow',
  'withdraw-signal',
  z.strictObject({ ...ofWorkflow, signalId: Id }),
  WorkflowReply,
);

/** To whichever instance has the key now, or will have it first. */
export const SignalByKeyBody = SignalBody.extend({ template: Name, businessKey: BusinessKey });

export const SignalByKey = defineCommand(
  'workflow',
  'signal-by-key',
  SignalByKeyBody,
  z.object({
    workflowId: Id.optional().describe(
      'the instance that has taken it in, the latest of several; absent: it waits for one to be started',
    ),
    workflowIds: z.array(Id).optional().describe('all that have, when they share the key'),
    ...signalled,
    position: Position,
  }),
);

export const ForceBody = z.strictObject({ to: z.string().min(1).max(64), reason: Reason });

export const ForceWorkflow = defineCommand(
  'workflow',
  'force',
  ForceBody.extend(ofWorkflow),
  WorkflowReply,
);

/** Back to the last time it was in `to`, or to where it was after `sequence` moves. */
export const ResetBody = z
  .strictObject({
    to: z.string().min(1).max(64).optional(),
    sequence: z.int().nonnegative().optional(),
    reason: Reason,
  })
  .refine(
    ({ to, sequence }) => (to === undefined) !== (sequence === undefined),
    'name either `to` or `sequence`',
  );

export const ResetWorkflow = defineCommand(
  'workflow',
  'reset',
  z.strictObject({ ...ofWorkflow, reset: ResetBody }),
  WorkflowReply,
);

export const MigrationBody = z.strictObject({
  /** The version to follow; absent: the latest published one. */
  version: z.int().positive().optional(),
  /** Where an instance in a state goes, when it is not called the same in the other version. */
  states: z.record(z.string().max(64), z.string().max(64)).default({}),
});

export const MigrateBody = MigrationBody.extend({ reason: Reason });

export const MigrateWorkflow = defineCommand(
  'workflow',
  'migrate',
  MigrateBody.extend(ofWorkflow),
  WorkflowReply,
);

export const MigrationPreview = z.object({
  workflowId: Id,
  from: z.object({ version: z.int(), definitionHash: z.string(), state: z.string() }),
  to: z.object({ version: z.int(), definitionHash: z.string(), state: z.string() }),
  /** Why it is not possible; empty when it is. */
  problems: z.array(z.string()),
  approval: z
    .object({ level: ApprovalLevel, people: z.int(), approvers: z.array(z.string()) })
    .nullable()
    .describe('who will have to agree, and how many of them; null when there is no such state'),
});

export const PreviewMigration = defineCommand(
  'workflow',
  'preview-migration',
  MigrationBody.extend(ofWorkflow),
  MigrationPreview,
);
