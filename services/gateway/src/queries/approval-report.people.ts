import { sql } from 'kysely';

import { approvalsOf, counted, isOneOf, listFrom, type Range } from './approval-report.range.js';
import { type ApprovalReport, MOST } from './approval-report.replies.js';
import type { Moment } from './read-view.js';

type ItemOf<List extends { items: unknown[] }> = List['items'][number] & { readonly total: number };

/** Who decided often and rejected nothing. */
export async function neverRejected(
  moment: Moment,
  range: Range,
): Promise<ApprovalReport['neverRejected']> {
  const rows = await moment.rows(sql<ItemOf<ApprovalReport['neverRejected']>>`
    SELECT d.approver AS person, count(*)::int AS decisions,
      count(*) FILTER (WHERE action = 'approve')::int AS approvals,
      count(*) FILTER (WHERE action = 'abstain')::int AS abstentions,
      count(d.on_behalf_of)::int AS "onBehalfOfOthers", (count(*) OVER ())::int AS total
    FROM ${counted(moment, range)} AS d JOIN ${approvalsOf(moment, range)} AS a USING (approval_id)
    WHERE ${isOneOf(range, sql`d.approver`)}
    GROUP BY d.approver HAVING count(*) >= ${range.minimum} AND NOT bool_or(action = 'reject')
    ORDER BY count(*) DESC, d.approver LIMIT ${MOST}`);
  return listFrom(rows);
}

/** People who decided on each other's requests, the most decisions first. */
export async function reciprocalPairs(
  moment: Moment,
  range: Range,
): Promise<ApprovalReport['reciprocalPairs']> {
  const rows = await moment.rows(sql<ItemOf<ApprovalReport['reciprocalPairs']>>`
    WITH decided AS (
      SELECT behind.person, a.requester, count(*)::int AS decisions,
        count(*) FILTER (WHERE d.action = 'approve')::int AS approvals
      FROM ${counted(moment, range)} AS d JOIN ${approvalsOf(moment, range)} AS a USING (approval_id)
      CROSS JOIN LATERAL (VALUES (d.approver), (d.on_behalf_of)) AS behind (person)
      WHERE behind.person IS NOT NULL
      GROUP BY behind.person, a.requester
    )
    SELECT one.person AS first, other.person AS second,
      jsonb_build_object('decisions', one.decisions, 'approvals', one.approvals) AS "firstOnSecond",
      jsonb_build_object('decisions', other.decisions, 'approvals', other.approvals) AS "secondOnFirst",
      (count(*) OVER ())::int AS total
    FROM decided AS one
    JOIN decided AS other ON other.person = one.requester AND other.requester = one.person
    WHERE one.person COLLATE "C" < other.person COLLATE "C"
      AND ${isOneOf(range, sql`one.person`, sql`other.person`)}
    ORDER BY one.decisions + other.decisions DESC, one.person, other.person LIMIT ${MOST}`);
  return listFrom(rows);
}
