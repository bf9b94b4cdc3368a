import type { ApprovalRequestRow } from '@countersign/contracts';
import { type Actor, forbidden, notFound } from '@countersign/kernel';
import { Injectable } from '@nestjs/common';
import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';

import { after, createdMicros, decodeCursor, type Page, toPage } from './cursor.js';
import { anyCase, paging, Text, Uuid } from './parameters.js';
import type { NamedStatement, ReadView } from './read-view.js';

export const ApprovalsParameters = z.strictObject({
  status: anyCase(['PENDING', 'APPROVED', 'REJECTED', 'WITHDRAWN']).optional(),
  approver: Text.optional().describe('`me`: those that the caller can decide now'),
  workflowId: Uuid.optional(),
  ...paging,
});

type Parameters = z.output<typeof ApprovalsParameters>;

const itemColumns = [
  'approval_id',
  'workflow_id',
  'bulk_job_id',
  'template',
  'business_key',
  'requester',
  'status',
  'level',
  'required',
  'subject',
  'subject_hash',
  'scope',
  'created_at',
  'updated_at',
  'ended_at',
] as const;

type ItemRow = Pick<ApprovalRequestRow, (typeof itemColumns)[number]> & { approvals: number };

const approvals = sql<number>`(
  SELECT count(*)::integer FROM approval_decisions AS decision
  WHERE decision.approval_id = approval_requests.approval_id AND decision.action = 'approve'
)`;

interface Vote {
  readonly decisionId: string;
  readonly approver: string;
  readonly action: string;
  readonly reason: string;
  readonly at: string;
  readonly qualifiedBy: string;
}
type DetailRow = Omit<ItemRow, 'approvals'> & {
  policy: ApprovalRequestRow['policy'];
  votes: readonly Vote[];
};

/** The votes come along in the same statement: an approver's click waits for this answer. */
const approvalById: NamedStatement = {
  name: 'gateway.approval-by-id',
  text: `SELECT ${itemColumns.join(', ')}, policy, (
           SELECT coalesce(jsonb_agg(jsonb_build_object(
             'decisionId', decision_id, 'approver', approver, 'action', action,
             'reason', reason, 'at', at, 'qualifiedBy', qualified_by
           ) ORDER BY at, decision_id), '[]')
           FROM approval_decisions AS decision
           WHERE decision.approval_id = approval_requests.approval_id
         ) AS votes
         FROM approval_requests
         WHERE approval_id = $1 AND ($2::text[] IS NULL OR scope = ANY($2))`,
};

/** Approvals: the list, and one of them with its votes. */
@Injectable()
export class ApprovalsQuery {
  /** @throws AppError `forbidden` `approval.not-your-list` for somebody else's list. */
  async list(view: ReadView, parameters: Parameters): Promise<Page<object>> {
    const { status, approver, workflowId, limit, cursor } = parameters;
    let query = view
      .approvals()
      .select(itemColumns)
      .select([approvals.as('approvals'), createdMicros.as('created_micros')]);
    if (approver !== undefined) {
      if (approver !== 'me' && approver !== view.caller.id) {
        throw forbidden('approval.not-your-list', 'only your own list is shown to you');
      }
      query = query.where('status', '=', 'PENDING').where(decidableBy(view.caller));
    }
    if (status !== undefined) query = query.where('status', '=', status);
    if (workflowId !== undefined) query = query.where('workflow_id', '=', workflowId);
    if (cursor !== undefined) query = query.where(after(decodeCursor(cursor), 'approval_id'));
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('approval_id', 'desc')
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, (row) => row.approval_id, toItem);
  }

  /** @throws AppError `approval.not-found`. */
  async get(view: ReadView, approvalId: string): Promise<object> {
    const [row] = await view.run<DetailRow>(approvalById, approvalId);
    if (!row) throw notFound('approval.not-found', 'there is no such approval');
    const approved = row.votes.filter(({ action }) => action === 'approve').length;
    return {
      ...toItem({ ...row, approvals: approved }),
      policy: row.policy,
      votes: row.votes.map((vote) => ({ ...vote, at: new Date(vote.at) })),
    };
  }
}

/** What the approval service would let somebody decide; it has the last word. */
function decidableBy({ id, roles, groups, onBehalfOf }: Actor): RawBuilder<boolean> {
  const mine = onBehalfOf === undefined ? [id] : [id, onBehalfOf];
  const named = [
    id,
    ...roles.map((role) => `role:${role}`),
    ...groups.map((group) => `group:${group}`),
  ];
  return sql<boolean>`
    requester <> ALL(${mine}::text[]) AND NOT editors && ${mine}::text[]
    AND ${id} <> ALL(voters)
    AND (policy->'within' IS NULL OR policy->'within' ?| ${named}::text[])
    AND (
      ${id} = ANY(approver_people)
      OR approver_roles && ${roles}::text[]
      OR approver_groups && ${groups}::text[]
    )`;
}

function toItem(row: ItemRow) {
  return {
    approvalId: row.approval_id,
    workflowId: row.workflow_id,
    bulkJobId: row.bulk_job_id,
    template: row.template,
    businessKey: row.business_key,
    requester: row.requester,
    status: row.status,
    level: row.level,
    required: row.required,
    approvals: row.approvals,
    subject: row.subject,
    subjectHash: row.subject_hash,
    scope: row.scope,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
  };
}
