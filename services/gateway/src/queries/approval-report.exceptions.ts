import { sql } from 'kysely';

import {
  about,
  approvalsOf,
  approvalsWith,
  counted,
  isOneOf,
  listFrom,
  type Range,
  within,
} from './approval-report.range.js';
import { type ApprovalReport, MOST, SEGREGATION } from './approval-report.replies.js';
import type { Moment } from './read-view.js';

type Segregation = ApprovalReport['segregation'];
type ItemOf<List extends { items: unknown[] }> = List['items'][number] & { readonly total: number };

const newestFirst = sql`ORDER BY step.at DESC, a.approval_id, step.revision LIMIT ${MOST}`;
const total = sql`(count(*) OVER ())::int AS total`;

/** Steps of one kind in the range. */
const steps = (moment: Moment, range: Range, kind: string) =>
  moment.log.where('kind', '=', kind).where(within(range, 'at'));

const text = (member: string) => sql`step.data ->> ${member}`;

/** Emergency overrides, with what became of their reviews. */
export async function overrides(
  moment: Moment,
  range: Range,
): Promise<ApprovalReport['overrides']> {
  type Row = ItemOf<ApprovalReport['overrides']> & { openReviews: number };
  const rows = await moment.rows(sql<Row>`
    SELECT ${about}, step.at, ${text('overriddenBy')} AS "overriddenBy",
      ${text('qualifiedBy')} AS "qualifiedBy", ${text('reason')} AS reason, a.review,
      review.data ->> 'closedBy' AS "closedBy", review.data ->> 'verdict' AS verdict,
      review.data ->> 'reason' AS "reviewReason", review.at AS "closedAt",
      round(extract(epoch FROM coalesce(review.at, ${range.now}::timestamptz) - step.at), 3)::float8
        AS "openSeconds",
      (count(*) FILTER (WHERE a.review = 'OPEN') OVER ())::int AS "openReviews", ${total}
    FROM ${steps(moment, range, 'overridden')} AS step
    JOIN ${approvalsOf(moment, range)} AS a USING (approval_id)
    LEFT JOIN approval_log AS review
      ON review.approval_id = step.approval_id AND review.kind = 'review-closed'
    WHERE ${isOneOf(range, sql`a.requester`, text('overriddenBy'), sql`review.data ->> 'closedBy'`)} ${newestFirst}`);
  const openReviews = rows[0]?.openReviews ?? 0;
  return { ...listFrom(rows.map(({ openReviews: _, ...row }) => row)), openReviews };
}

export async function refusals(moment: Moment, range: Range): Promise<Segregation['refusals']> {
  const refused = sql`
    FROM ${steps(moment, range, 'decision-refused')} AS step
    JOIN ${approvalsOf(moment, range)} AS a USING (approval_id)
    WHERE ${text('code')} IN (${sql.join([...SEGREGATION])})
      AND ${isOneOf(range, text('actor'), text('onBehalfOf'))}`;
  const rows = await moment.rows(sql<ItemOf<Segregation['refusals']>>`
    SELECT ${about}, step.at, ${text('actor')} AS actor, ${text('onBehalfOf')} AS "onBehalfOf",
      ${text('action')} AS action, ${text('code')} AS code, ${total}
    ${refused} ${newestFirst}`);
  const counts = await moment.rows(sql<{ code: string; count: number }>`
    SELECT ${text('code')} AS code, count(*)::int AS count ${refused} GROUP BY 1`);
  const count = (code: string) => counts.find((each) => each.code === code)?.count ?? 0;
  const byCode = Object.fromEntries(SEGREGATION.map((code) => [code, count(code)]));
  return { ...listFrom(rows), byCode: byCode as Segregation['refusals']['byCode'] };
}

/** Decisions on behalf of somebody else. */
export async function onBehalf(moment: Moment, range: Range): Promise<Segregation['onBehalf']> {
  const rows = await moment.rows(sql<ItemOf<Segregation['onBehalf']>>`
    SELECT ${about}, d.at, d.stage, d.approver, d.on_behalf_of AS "onBehalfOf", d.delegations,
      d.action, ${total}
    FROM ${counted(moment, range)} AS d JOIN ${approvalsOf(moment, range)} AS a USING (approval_id)
    WHERE d.on_behalf_of IS NOT NULL AND ${isOneOf(range, sql`d.approver`, sql`d.on_behalf_of`)}
    ORDER BY d.at DESC, d.decision_id LIMIT ${MOST}`);
  return listFrom(rows);
}

/** Approvers who were added. */
export async function escalations(
  moment: Moment,
  range: Range,
): Promise<Segregation['escalations']> {
  const named = sql`(SELECT ${range.person ?? null}::text
    WHERE jsonb_exists(step.data -> 'approvers', ${range.person ?? null}))`;
  const rows = await moment.rows(sql<ItemOf<Segregation['escalations']>>`
    SELECT ${about}, step.at, (step.data -> 'stage')::int AS stage, step.data -> 'approvers' AS approvers,
      (step.data -> 'tier')::int AS tier, ${text('cause')} AS cause,
      ${text('escalatedBy')} AS "escalatedBy", ${text('reason')} AS reason, ${total}
    FROM ${steps(moment, range, 'escalated')} AS step
    JOIN ${approvalsOf(moment, range)} AS a USING (approval_id)
    WHERE ${isOneOf(range, sql`a.requester`, text('escalatedBy'), named)} ${newestFirst}`);
  return listFrom(rows);
}

/** Approvals whose time was up. */
export async function expired(moment: Moment, range: Range): Promise<ApprovalReport['expired']> {
  const rows = await moment.rows(sql<ItemOf<ApprovalReport['expired']>>`
    SELECT ${about}, step.at, ${text('outcome')} AS outcome, ${text('deadline')} AS deadline, ${total}
    FROM ${steps(moment, range, 'timed-out')} AS step
    JOIN ${approvalsWith(moment, range)} AS a USING (approval_id) ${newestFirst}`);
  return listFrom(rows);
}
