import type { BulkQuery, WorkflowEvent } from '@countersign/contracts';
import { type AppError, type Json, rule, systemActor } from '@countersign/kernel';
import type { CompiledDefinition } from '@countersign/state-machine';

import { applyApprovedMigration } from '../../workflow/domain/approved-migration.js';
import { cancelWorkflow, retryWorkflow } from '../../workflow/domain/decider.js';
import type { Cause } from '../../workflow/domain/draft.js';
import { type ExistingWorkflow, running, type WorkflowState } from '../../workflow/domain/state.js';
import type { ExistingBulkJob, ItemResult } from './state.js';

/** Whether whoever asked for the job may do this was decided when they asked. */
const ONESELF = systemActor('workflow');

/** Codes that mean: there is nothing to do any more. */
const NOTHING_TO_DO: readonly string[] = [
  'workflow.ended',
  'workflow.no-incident',
  'bulk-job.moved-on',
  'bulk-job.follows-already',
];

/** The definition that an instance is to follow. */
export interface Target {
  readonly hash: string;
  readonly compiled: CompiledDefinition;
}

/**
 * What a job does to one instance, on the account of whoever asked for the job.
 *
 * @param target a migration's, with the overrides of the instance
 * @throws AppError what the same command by itself throws; `bulk-job.moved-on` when the instance is no longer where
 *   the query found it
 */
export function changeItem(
  job: ExistingBulkJob,
  state: WorkflowState,
  definition: CompiledDefinition,
  target: Target | undefined,
  { now, organisation }: Cause,
): readonly WorkflowEvent[] {
  mustStillFit(job.query, running(state));
  const cause = { now, organisation, requester: job.requestedBy };
  switch (job.action) {
    case 'cancel':
      return cancelWorkflow(state, job.reason, definition, ONESELF, cause);
    case 'retry':
      return retryWorkflow(state, definition, ONESELF, cause);
    case 'migrate': {
      const { migration, approval, reason } = job;
      if (!migration || !approval || !target)
        throw new Error(`${job.jobId}: no target, or no one agreed`);
      const { templateVersion, states } = migration;
      const to = { templateVersion, definitionHash: target.hash, states, target: target.compiled };
      return applyApprovedMigration(state, { ...approval, reason, ...to }, definition, cause);
    }
  }
}

function mustStillFit({ status, state, context = {} }: BulkQuery, now: ExistingWorkflow): void {
  const fits =
    (status === undefined || status === now.status) &&
    (state === undefined || state === now.state) &&
    Object.entries(context).every(([field, value]) => textOf(now.context[field]) === String(value));
  if (fits) return;
  throw rule(
    'bulk-job.moved-on',
    `it is ${now.status} in ${now.state} and no longer what was meant`,
  );
}

/** As the read tables keep a field to find it by. */
function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'object' || value === undefined ? undefined : String(value);
}

/** The result of an item that could not be done. */
export function resultOf(workflowId: string, error: AppError): ItemResult {
  const { code, message } = error;
  const result = NOTHING_TO_DO.includes(code) ? 'skipped' : 'refused';
  return { workflowId, result, code, message };
}
