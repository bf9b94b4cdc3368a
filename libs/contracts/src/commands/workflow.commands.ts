import { DefinitionOverrides } from '@countersign/state-machine';
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
