import type { ReadModel } from '@countersign/contracts';
import { newId } from '@countersign/kernel';
import type { Insertable } from 'kysely';

export const HASH = 'd'.repeat(64);
export const NOW = new Date('2026-11-24T09:00:00Z');

export function workflow(row: Partial<Insertable<ReadModel['workflow_instances']>> = {}) {
  return {
    workflow_id: newId(),
    template: 'demo',
    template_version: 1,
    definition_hash: HASH,
    business_key: null,
    status: 'ACTIVE',
    state: 'open',
    context: { amount: 7 },
    pending_transition: null,
    intervention: null,
    timers: { timers: [] },
    signals: json(),
    incidents: json(),
    child: null,
    overrides: null,
    due_at: null,
    indexed: [],
    search: {},
    parent_id: null,
    ended_by: null,
    end_reason: null,
    started_by: 'alice',
    scope: null,
    revision: 0,
    created_at: NOW,
    updated_at: NOW,
    ended_at: null,
    ...row,
  };
}

type ApprovalRow = Insertable<ReadModel['approval_requests']>;

/** Lists in columns of JSON are text on their way in: the driver takes a list for one of SQL's. */
export const json = (list: readonly unknown[] = []) => JSON.stringify(list) as never;

export function approval({
  stages,
  within,
  escalations,
  votes,
  incidents,
  ...row
}: Partial<ApprovalRow> = {}): ApprovalRow {
  return {
    approval_id: newId(),
    workflow_id: newId(),
    bulk_job_id: null,
    template: 'demo',
    business_key: 'T-1',
    requester: 'alice',
    editors: [],
    ad_hoc: false,
    reason: null,
    status: 'PENDING',
    level: 'DUAL',
    stage: 0,
    stage_name: null,
    required: 2,
    given: 0,
    stages: json(stages),
    policy: { level: 'DUAL', approvers: ['bob', 'carol'] },
    approvers: [],
    within: json(within),
    escalations: json(escalations),
    escalated: [],
    votes: json(votes),
    voters: [],
    excluded: ['alice'],
    subject: { a: 1 },
    subject_hash: HASH,
    deadlines: {},
    due_at: null,
    frozen: false,
    claimed_by: null,
    incidents: json(incidents),
    review: null,
    overridden_by: null,
    ended_by: null,
    end_reason: null,
    scope: null,
    revision: 0,
    created_at: NOW,
    updated_at: NOW,
    ended_at: null,
    ...row,
  };
}
