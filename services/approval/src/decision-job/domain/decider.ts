import type { DecisionJobEvent, StartBulkDecision } from '@countersign/contracts';
import { type Actor, forbidden, invalid, isSystem, rule } from '@countersign/kernel';
import type { z } from 'zod';

import {
  type DecisionJobState,
  type ExistingDecisionJob,
  type ItemResult,
  remainingItems,
} from './state.js';

type Events = readonly DecisionJobEvent[];
type Request = z.output<typeof StartBulkDecision.body>;

/**
 * Freezes a list of approvals that somebody decides in the same way. Each is decided on its own, by the same rules as
 * one alone.
 *
 * @throws AppError `approval.not-a-person`, `decision-job.not-confirmed` with `details.confirmation`,
 *   `decision-job.twice` with `details.approvalId`
 */
export function createDecisionJob(
  state: DecisionJobState,
  jobId: string,
  { confirmation, ...request }: Request,
  actor: Actor,
): Events {
  if (state.exists) return [];
  if (isSystem(actor)) throw forbidden('approval.not-a-person', 'only people decide');
  const { action, items, onBehalfOf, reason } = request;
  const wanted = `${action} ${items.length}`;
  if (confirmation !== wanted) {
    throw rule('decision-job.not-confirmed', `type ${wanted} to confirm`, {
      details: { confirmation: wanted },
    });
  }
  const twice = items.find(
    ({ approvalId }, index) => items.findIndex((each) => each.approvalId === approvalId) !== index,
  );
  if (twice) {
    throw invalid('decision-job.twice', `${twice.approvalId} is on the list twice`, {
      details: { approvalId: twice.approvalId },
    });
  }
  const { id: requester, onBehalfOf: _, ...identity } = actor;
  const data = {
    jobId,
    requester,
    identity,
    action,
    reason,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    items,
  };
  return [{ type: 'decisionjob.created', data }];
}

/** Records what became of some, and the end of the job with the last of them. What is known already stays. */
export function recordResults(state: DecisionJobState, results: readonly ItemResult[]): Events {
  if (!state.exists || state.ended) return [];
  const open = new Set(remainingItems(state).map(({ approvalId }) => approvalId));
  const fresh = results.filter(({ approvalId }) => open.has(approvalId));
  const { jobId } = state;
  const processed: Events =
    fresh.length === 0
      ? []
      : [{ type: 'decisionjob.items-processed', data: { jobId, results: [...fresh] } }];
  if (fresh.length < open.size) return processed;
  return [
    ...processed,
    { type: 'decisionjob.ended', data: { jobId, ...countsWith(state, fresh) } },
  ];
}

function countsWith({ results }: ExistingDecisionJob, fresh: readonly ItemResult[]) {
  const all = [...results.values(), ...fresh];
  const decided = all.filter(({ result }) => result === 'decided').length;
  return { decided, refused: all.length - decided };
}
