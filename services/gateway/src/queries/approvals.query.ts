import { forbidden, invalid, isAdministrator, notFound, rule } from '@countersign/kernel';
import type { Organisation } from '@countersign/state-machine';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

import {
  type DetailRow,
  type ItemRow,
  itemColumns,
  toDetail,
  toItem,
} from './approvals.replies.js';
import { after, createdMicros, decodeCursor, encodeCursor, type Page, toPage } from './cursor.js';
import { Decidable, decidableColumns } from './decidable.js';
import { anyCase, paging, Text, Uuid } from './parameters.js';
import type { NamedStatement, ReadView } from './read-view.js';

/** Rows that are looked at in one go, and how often, to fill a page of what somebody can decide. */
const CHUNK = 200;
const MAX_CHUNKS = 25;

export const ApprovalsParameters = z.strictObject({
  status: anyCase([
    'PENDING',
    'IN_PROGRESS',
    'APPROVED',
    'REJECTED',
    'TIMED_OUT',
    'WITHDRAWN',
    'CANCELLED',
  ])
    .optional()
    .describe('in upper or lower case; `pending`: all that are open, so `IN_PROGRESS` as well'),
  approver: Text.optional().describe(
    '`me`: those that the caller can decide now, for themselves or on behalf of others; another person: takes an administrator',
  ),
  workflowId: Uuid.optional(),
  requester: Text.optional().describe('who asked; `me`: the caller'),
  template: Text.optional(),
  review: anyCase(['OPEN', 'CLOSED'])
    .optional()
    .describe('of emergency overrides, in upper or lower case'),
  claimedBy: Text.optional().describe('who says that they are looking at it; `me`: the caller'),
  ...paging,
});

type Parameters = z.output<typeof ApprovalsParameters>;

/** Everything comes along in one statement: an approver's click waits for this answer. */
const approvalById: NamedStatement = {
  name: 'gateway.approval-by-id',
  text: `SELECT ${itemColumns.join(', ')}, policy, stages, approvers, escalated, excluded, escalations,
           deadlines, frozen, (
           SELECT coalesce(jsonb_agg(to_jsonb(decision) - 'subject' ORDER BY at, decision_id), '[]')
           FROM approval_decisions AS decision
           WHERE decision.approval_id = approval_requests.approval_id
         ) AS votes, (
           SELECT coalesce(jsonb_agg(to_jsonb(step) ORDER BY revision), '[]') FROM (
             SELECT revision, kind, actor, at, data FROM approval_log AS log
             WHERE log.approval_id = approval_requests.approval_id AND kind = 'commented'
           ) AS step
         ) AS comments, (
           SELECT coalesce(jsonb_agg(to_jsonb(step) ORDER BY revision), '[]') FROM (
             SELECT revision, kind, actor, at, data FROM approval_log AS log
             WHERE log.approval_id = approval_requests.approval_id AND kind <> 'commented'
             ORDER BY revision DESC LIMIT 1000
           ) AS step
         ) AS history
         FROM approval_requests
         WHERE approval_id = $1 AND ($2::text[] IS NULL OR scope = ANY($2))`,
};

/** Approvals: the list, and one of them with everything that happened to it. */
@Injectable()
export class ApprovalsQuery {
  /**
   * @param organisation who may decide what on whose behalf, at `now`.
   * @throws AppError `forbidden` `approval.not-your-list` for somebody else's list, `approval.takes-a-person`.
   */
  async list(
    view: ReadView,
    parameters: Parameters,
    organisation: Organisation,
    now: Date,
  ): Promise<Page<object>> {
    const { approver, limit, cursor } = parameters;
    if (approver === undefined) {
      const rows = await this.#after(view, parameters, cursor)
        .limit(limit + 1)
        .execute();
      return toPage(rows, limit, (row) => row.approval_id, toItem);
    }
    const who = this.#whoseList(view, approver, organisation);
    return this.#decidable(view, parameters, new Decidable(who, organisation, now));
  }

  /**
   * Whether there is what an approval is asked about, as far as the caller may see it.
   *
   * @throws AppError `rule` `approval.unknown-workflow`
   */
  async assertWorkflow(view: ReadView, workflowId: string): Promise<void> {
    const row = await view
      .workflows()
      .select('workflow_id')
      .where('workflow_id', '=', workflowId)
      .executeTakeFirst();
    if (row) return;
    const message =
      'there is no such workflow; for one that was started a moment ago, send Countersign-After with its position';
    throw rule('approval.unknown-workflow', message);
  }

  /** @throws AppError `approval.not-found`. */
  async get(view: ReadView, approvalId: string): Promise<object> {
    const [row] = await view.run<DetailRow>(approvalById, approvalId);
    if (!row) throw notFound('approval.not-found', 'there is no such approval');
    return toDetail(row);
  }

  #whoseList({ caller }: ReadView, approver: string, organisation: Organisation) {
    if (/^(group|role):/.test(approver)) {
      throw invalid('approval.takes-a-person', 'approver takes `me` or a person, no group or role');
    }
    const person = approver === 'me' ? caller.id : approver;
    if (organisation.personOf(person) === organisation.personOf(caller.id)) return caller;
    if (isAdministrator(caller)) return { id: person, roles: [], groups: [] };
    throw forbidden('approval.not-your-list', 'only your own list is shown to you');
  }

  /** The index finds what is likely; what is not, is left out here, so that a page may take several readings. */
  async #decidable(
    view: ReadView,
    parameters: Parameters,
    decidable: Decidable,
  ): Promise<Page<object>> {
    const { limit } = parameters;
    const found: (ItemRow & { created_micros: string; decidableFor: string[] })[] = [];
    let place = parameters.cursor;
    for (let chunk = 0; chunk < MAX_CHUNKS; chunk++) {
      const rows = await this.#after(view, parameters, place)
        .select(decidableColumns)
        .where(decidable.likely)
        .limit(CHUNK)
        .execute();
      for (const row of rows) {
        const decidableFor = decidable.peopleFor(row);
        if (decidableFor.length > 0) found.push({ ...row, decidableFor });
      }
      const last = rows.at(-1);
      if (found.length > limit || rows.length < CHUNK || !last) {
        return toPage(found, limit, (row) => row.approval_id, toItem);
      }
      place = encodeCursor([last.created_micros, last.approval_id]);
    }
    return { items: found.map(toItem), nextCursor: place ?? null };
  }

  #after(view: ReadView, parameters: Parameters, cursor: string | undefined) {
    const { status, workflowId, requester, template, review, claimedBy } = parameters;
    const person = (id: string) => (id === 'me' ? view.caller.id : id);
    let query = view
      .approvals()
      .select([...itemColumns, createdMicros.as('created_micros')])
      .orderBy('created_at', 'desc')
      .orderBy('approval_id', 'desc');
    if (status === 'PENDING') query = query.where('ended_at', 'is', null);
    else if (status !== undefined) query = query.where('status', '=', status);
    if (workflowId !== undefined) query = query.where('workflow_id', '=', workflowId);
    if (requester !== undefined) query = query.where('requester', '=', person(requester));
    if (template !== undefined) query = query.where('template', '=', template);
    if (review !== undefined) query = query.where('review', '=', review);
    if (claimedBy !== undefined) query = query.where('claimed_by', '=', person(claimedBy));
    if (cursor !== undefined) query = query.where(after(decodeCursor(cursor), 'approval_id'));
    return query;
  }
}
