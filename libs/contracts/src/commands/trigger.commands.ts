import { z } from 'zod';

import { RetriedOutcome } from '../events/incident.events.js';
import { Id, JsonRecord, Name, Position, Reason } from '../scalars.js';
import { DryRunBody, FireBody, Trigger, TriggerStatus } from '../triggers.js';
import { defineCommand } from './command-type.js';

/** Where a trigger stands after a command. */
export const TriggerReply = z.object({
  triggerId: Id,
  name: Name,
  status: TriggerStatus,
  position: Position,
});
export type TriggerReply = z.infer<typeof TriggerReply>;

const ofTrigger = { triggerId: Id };
const withReason = z.strictObject({ ...ofTrigger, reason: Reason });

export const CreateTrigger = defineCommand('workflow', 'create-trigger', Trigger, TriggerReply);
export const PauseTrigger = defineCommand('workflow', 'pause-trigger', withReason, TriggerReply);
export const ResumeTrigger = defineCommand('workflow', 'resume-trigger', withReason, TriggerReply);
export const DeleteTrigger = defineCommand('workflow', 'delete-trigger', withReason, TriggerReply);

export const DryRunTrigger = defineCommand(
  'workflow',
  'dry-run-trigger',
  z.strictObject({ ...ofTrigger, run: DryRunBody }),
  z.object({ items: z.array(JsonRecord) }),
);

export const FireTrigger = defineCommand(
  'workflow',
  'fire-trigger',
  z.strictObject({ ...ofTrigger, fire: FireBody }),
  z.object({
    triggerId: Id,
    workflowId: Id,
    status: z.string(),
    state: z.string(),
    position: Position,
  }),
);

/** Tries once more what an incident of kind `dead-letter` or `trigger` is about. */
export const RetryIncident = defineCommand(
  'workflow',
  'retry-incident',
  z.strictObject({ incidentId: Id }),
  z.object({
    incidentId: Id,
    status: z.literal('RESOLVED'),
    outcomes: z.array(RetriedOutcome),
    position: Position,
  }),
);
