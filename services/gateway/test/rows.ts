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

export function approval(row: Partial<Insertable<ReadModel['approval_requests']>> = {}) {
  return {
    approval_id: newId(),
    workflow_id: newId(),
    bulk_job_id: null,
    template: 'demo',
    business_key: 'T-1',
    requester: 'alice',
    editors: [],
    status: 'PENDING',
    level: 'DUAL',
    required: 2,
    policy: { level: 'DUAL' },
    approver_people: [],
    approver_roles: [],
    approver_groups: [],
    voters: [],
    subject: { a: 1 },
    subject_hash: HASH,
    scope: null,
    revision: 0,
    created_at: NOW,
    updated_at: NOW,
    ended_at: null,
    ...row,
  };
}
