import type { ApprovalEvent } from '@countersign/contracts';
import type { Json, JsonObject } from '@countersign/kernel';

import type { Projection } from './projection.js';

/** What the approval's own row says, or its decisions. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set([
  ...['approvalId', 'workflowId', 'bulkJobId', 'template', 'businessKey', 'scope'],
  ...['policy', 'decisions', 'requester', 'requestReason', 'editors'],
]);

/** What happened to each approval, step by step: one row for each of its events. */
export const approvalLog: Projection<'approval_log'> = {
  table: 'approval_log',
  key: ['approval_id', 'revision'],
  categories: ['approval'],
  folds: false,
  keyOf: ({ event, stored }) => `${(event as ApprovalEvent).data.approvalId}/${stored.revision}`,
  project({ event: projected, stored }) {
    const event = projected as ApprovalEvent;
    const { actor, recordedAt } = stored.metadata;
    return {
      approval_id: event.data.approvalId,
      revision: stored.revision,
      kind: event.type.slice('approval.'.length),
      actor,
      at: recordedAt,
      data: dataOf(event),
      scope: event.data.scope ?? null,
    };
  },
};

function dataOf(event: ApprovalEvent): JsonObject {
  // Every other event has the subject of the change before it.
  const isSubjects =
    event.type === 'approval.requested' || event.type === 'approval.subject-changed';
  const members = Object.entries(event.data).filter(
    ([name, value]) =>
      value !== undefined && !SAID_ELSEWHERE.has(name) && (isSubjects || name !== 'subject'),
  );
  return Object.fromEntries<Json>(members as [string, Json][]);
}
