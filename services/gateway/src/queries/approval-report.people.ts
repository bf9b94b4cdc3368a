import { type RawBuilder, sql } from 'kysely';

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

/** `{decisions, approvals}` of one of a pair, as JSON. */
const bySide = (side: RawBuilder<unknown>) => sql`jsonb_build_object(
  'decisions', count(*) FILTER (WHERE ${side}),
  'approvals', count(*) FILTER (WHERE ${side} AND action = 'approve'))`;

/** People who decided on each other's requests, the most decisions first. */
export async function reciprocalPairs(
  moment: Moment,
  range: Range,
): Promise<ApprovalReport['reciprocalPairs']> {
  const rows = await moment.rows(sql<ItemOf<ApprovalReport['reciprocalPairs']>>`
    SELECT first, second, ${bySide(sql`person = first`)} AS "firstOnSecond",
      ${bySide(sql`person = second`)} AS "secondOnFirst", (count(*) OVER ())::int AS total
    FROM (
      SELECT behind.person, d.action, least(behind.person, a.requester COLLATE "C") AS first,
        greatest(behind.person, a.requester COLLATE "C") AS second
      FROM ${counted(moment, range)} AS d JOIN ${approvalsOf(moment, range)} AS a USING (approval_id)
      CROSS JOIN LATERAL (VALUES (d.approver), (d.on_behalf_of)) AS behind (person)
      WHERE behind.person <> a.requester
    ) AS decided
    WHERE ${isOneOf(range, sql`first`, sql`second`)}
    GROUP BY first, second HAVING bool_or(person = first) AND bool_or(person = second)
    ORDER BY count(*) DESC, first, second LIMIT ${MOST}`);
  return listFrom(rows);
}
