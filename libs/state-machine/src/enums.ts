import { z } from 'zod';

/** Where an instance of a workflow stands as a whole. */
export const WorkflowStatus = z.enum([
  'DRAFT',
  'ACTIVE',
  'PAUSED',
  'COMPLETED',
  'CANCELLED',
  'FAILED',
]);
export type WorkflowStatus = z.infer<typeof WorkflowStatus>;

/** Where a piece of work within a workflow stands: an approval, a pipeline step. */
export const TaskStatus = z.enum([
  'PENDING',
  'IN_PROGRESS',
  'APPROVED',
  'REJECTED',
  'SKIPPED',
  'TIMED_OUT',
]);
export type TaskStatus = z.infer<typeof TaskStatus>;

/** How many people an approval takes; see `ApprovalPolicy`. */
export const ApprovalLevel = z.enum(['SINGLE', 'DUAL', 'COMMITTEE', 'AUTO']);
export type ApprovalLevel = z.infer<typeof ApprovalLevel>;

/** What starts a workflow. What fires a transition inside one is `TransitionTrigger`. */
export const TriggerType = z.enum(['MANUAL', 'SCHEDULED', 'EVENT', 'THRESHOLD']);
export type TriggerType = z.infer<typeof TriggerType>;
