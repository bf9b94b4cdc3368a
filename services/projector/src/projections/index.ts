import { approvalDecisions } from './approval-decisions.projection.js';
import { approvalLog } from './approval-log.projection.js';
import { approvalRequests } from './approval-requests.projection.js';
import { bulkJobItems } from './bulk-job-items.projection.js';
import { bulkJobs } from './bulk-jobs.projection.js';
import { definitions } from './catalogue.projections.js';
import { decisionJobItems } from './decision-job-items.projection.js';
import { decisionJobs } from './decision-jobs.projection.js';
import { incidents } from './incidents.projection.js';
import type { AnyProjection } from './projection.js';
import { templates } from './templates.projection.js';
import { triggerFirings } from './trigger-firings.projection.js';
import { triggers } from './triggers.projection.js';
import { workflowInstances } from './workflow-instances.projection.js';
import { workflowTransitions } from './workflow-transitions.projection.js';

/** Every read table that follows from events. */
export const projections: readonly AnyProjection[] = [
  workflowInstances,
  workflowTransitions,
  approvalRequests,
  approvalDecisions,
  approvalLog,
  decisionJobs,
  decisionJobItems,
  templates,
  definitions,
  triggers,
  triggerFirings,
  incidents,
  bulkJobs,
  bulkJobItems,
] as readonly unknown[] as readonly AnyProjection[];
