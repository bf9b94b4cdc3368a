import { type ApprovalEvent, deadlinesAfter, nextDeadline } from '@countersign/contracts';
import type { JsonObject } from '@countersign/kernel';
import { type ApprovalPolicy, levelOf, roundsOf } from '@countersign/state-machine';

import { standing } from './approval-standing.js';
import { present, type ProjectedEvent, type Projection, type RowOf } from './projection.js';

type Row = RowOf<'approval_requests'>;
type DataOf<Type extends ApprovalEvent['type']> = Extract<ApprovalEvent, { type: Type }>['data'];

/** Every approval, as it stands. */
export const approvalRequests: Projection<'approval_requests'> = {
  table: 'approval_requests',
  key: ['approval_id'],
  categories: ['approval'],
  folds: true,
  keyOf: ({ event }) => (event as ApprovalEvent).data.approvalId,
  project(projected, current) {
    const { stored } = projected;
    const event = projected.event as ApprovalEvent;
    const at = stored.metadata.recordedAt;
    const before =
      event.type === 'approval.requested' ? requested(projected) : present(current, projected);
    const row = { ...before, ...change(event, before, at) };
    const policy = row.policy as ApprovalPolicy;
    const deadlines = deadlinesAfter(before.deadlines, policy, event);
    return {
      ...row,
      ...standing(row),
      deadlines: deadlines as JsonObject,
      due_at: nextDeadline(deadlines) ?? null,
      revision: stored.revision,
      updated_at: at,
    };
  },
};

function requested({ event, stored }: ProjectedEvent): Row {
  const data = event.data as DataOf<'approval.requested'>;
  const { recordedAt } = stored.metadata;
  const { policy, requester, editors, required } = data;
  return {
    approval_id: data.approvalId,
    workflow_id: data.workflowId ?? null,
    bulk_job_id: data.bulkJobId ?? null,
    template: data.template ?? null,
    business_key: data.businessKey ?? null,
    requester,
    editors,
    ad_hoc: data.adHoc ?? false,
    reason: data.reason ?? null,
    status: 'PENDING',
    level: levelOf(policy),
    stage: 0,
    stage_name: null,
    required,
    given: 0,
    stages: waiting(policy, required),
    policy,
    approvers: [],
    within: [],
    escalations: [],
    escalated: [],
    votes: [],
    voters: [],
    excluded: [],
    subject: data.subject,
    subject_hash: data.subjectHash,
    deadlines: {},
    due_at: null,
    frozen: false,
    claimed_by: null,
    incidents: [],
    review: null,
    overridden_by: null,
    ended_by: null,
    end_reason: null,
    scope: data.scope ?? null,
    revision: stored.revision,
    created_at: recordedAt,
    updated_at: recordedAt,
    ended_at: null,
  };
}

/** The stages of a policy before anybody has decided; how many the first one takes is known. */
function waiting(policy: ApprovalPolicy, required: number): Row['stages'] {
  return roundsOf(policy).map(({ name, level }, stage) => ({
    name: name ?? null,
    level,
    status: 'WAITING',
    required: stage === 0 ? required : null,
    given: 0,
    approvers: [],
  }));
}

function change(event: ApprovalEvent, row: Row, at: string): Partial<Row> {
  switch (event.type) {
    case 'approval.decision-recorded':
      return decided(row, event.data);
    case 'approval.stage-completed': {
      const { stage, required } = event.data.next;
      const stages = row.stages.map((each, n) => (n === stage ? { ...each, required } : each));
      return { stage, stages };
    }
    case 'approval.decision-revoked': {
      const { decisionId, voided, stage } = event.data;
      return { stage, ...without(row, [decisionId, ...voided]) };
    }
    case 'approval.subject-changed':
      return subjectChanged(row, event.data);
    case 'approval.escalated': {
      const { stage, approvers, tier, cause, escalatedBy, reason } = event.data;
      const by = { by: escalatedBy ?? null, reason: reason ?? null };
      const escalation = { stage, approvers, tier: tier ?? null, cause, ...by, at };
      return { escalations: [...row.escalations, escalation] };
    }
    case 'approval.deadlines-frozen':
      return { frozen: true };
    case 'approval.deadlines-resumed':
      return { frozen: false };
    case 'approval.claimed':
      return { claimed_by: event.data.claimedBy };
    case 'approval.released':
      return { claimed_by: null };
    case 'approval.incident-raised': {
      const { code, message } = event.data;
      return { incidents: [...otherIncidents(row, code), { code, message }] };
    }
    case 'approval.incident-resolved':
      return { incidents: otherIncidents(row, event.data.code) };
    case 'approval.overridden':
      return { overridden_by: event.data.overriddenBy, review: 'OPEN' };
    case 'approval.review-closed':
      return { review: 'CLOSED' };
    case 'approval.granted':
      return { status: 'APPROVED', ...ended(at) };
    case 'approval.rejected': {
      const { rejectedBy, reason } = event.data;
      return { status: 'REJECTED', ...ended(at, reason, rejectedBy) };
    }
    case 'approval.timed-out':
      return { status: 'TIMED_OUT', ...ended(at, `expired: ${event.data.outcome}`) };
    case 'approval.withdrawn': {
      const { withdrawnBy, reason } = event.data;
      return { status: 'WITHDRAWN', ...ended(at, reason, withdrawnBy) };
    }
    case 'approval.cancelled':
      return { status: 'CANCELLED', ...ended(at, event.data.reason) };
    case 'approval.requested':
    case 'approval.reminded':
    case 'approval.commented':
    case 'approval.decision-refused':
      return {};
  }
}

function decided(row: Row, data: DataOf<'approval.decision-recorded'>): Partial<Row> {
  const { decisionId, approver, onBehalfOf, action, stage = 0 } = data;
  const people = onBehalfOf === undefined ? [approver] : [approver, onBehalfOf];
  return {
    status: 'IN_PROGRESS',
    votes: [...row.votes, { decisionId, stage, action, people }],
    claimed_by: row.claimed_by === approver ? null : row.claimed_by,
  };
}

function without(row: Row, decisionIds: readonly string[]): Pick<Row, 'votes' | 'status'> {
  const votes = row.votes.filter(({ decisionId }) => !decisionIds.includes(decisionId));
  return { votes, status: votes.length === 0 ? 'PENDING' : 'IN_PROGRESS' };
}

function subjectChanged(row: Row, data: DataOf<'approval.subject-changed'>): Partial<Row> {
  const changed = { subject: data.subject, subject_hash: data.subjectHash };
  if (!data.material) return changed;
  const stages = waiting(
    row.policy as ApprovalPolicy,
    data.required ?? row.stages[0]?.required ?? 1,
  );
  return { ...changed, ...without(row, data.voided), stage: 0, stages };
}

const otherIncidents = ({ incidents }: Row, code: string): Row['incidents'] =>
  incidents.filter((incident) => incident.code !== code);

function ended(at: string, reason?: string, by?: string): Partial<Row> {
  return { ended_at: at, end_reason: reason ?? null, ended_by: by ?? null, claimed_by: null };
}
