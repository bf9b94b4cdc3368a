import { sql } from 'kysely';

import {
  approvalsOf,
  approvalsWith,
  counted,
  isOneOf,
  listFrom,
  type Range,
  within,
} from './approval-report.range.js';
import {
  type ApprovalReport,
  type EndStatus,
  endStatuses,
  MOST,
} from './approval-report.replies.js';
import type { Moment } from './read-view.js';

type Outcomes = ApprovalReport['outcomes'];
type DecisionTimes = ApprovalReport['decisionTimes'];
type Times = DecisionTimes['toOutcome'];

export async function outcomes(moment: Moment, range: Range): Promise<Outcomes> {
  const approvals = approvalsWith(moment, range);
  const [asked] = await moment.rows(sql<{ requested: number; open: number }>`
    SELECT count(*)::int AS requested, count(*) FILTER (WHERE ended_at IS NULL)::int AS open
    FROM ${approvals} AS a WHERE ${within(range, 'created_at')}`);
  const ends = await moment.rows(sql<{
    status: EndStatus;
    count: number;
    automatic: number;
    overridden: number;
  }>`
    SELECT status, count(*)::int AS count, count(*) FILTER (WHERE level = 'AUTO')::int AS automatic,
      count(*) FILTER (WHERE overridden_by IS NOT NULL)::int AS overridden
    FROM ${approvals} AS a WHERE ${within(range, 'ended_at')} GROUP BY status`);
  const sum = (of: 'automatic' | 'overridden') => ends.reduce((all, end) => all + end[of], 0);
  const count = (status: EndStatus) => ends.find((end) => end.status === status)?.count ?? 0;
  return {
    requested: asked?.requested ?? 0,
    stillOpen: asked?.open ?? 0,
    ended: Object.fromEntries(endStatuses.map((each) => [each, count(each)])) as Outcomes['ended'],
    automatic: sum('automatic'),
    overridden: sum('overridden'),
  };
}

/** `{count, medianSeconds, p90Seconds, longestSeconds}` of the column `seconds`, as JSON. */
const timesOf = (which: string) => sql<Times>`jsonb_build_object(
  'count', count(*) FILTER (WHERE measure = ${which}),
  'medianSeconds', round((percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)
    FILTER (WHERE measure = ${which}))::numeric, 3),
  'p90Seconds', round((percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds)
    FILTER (WHERE measure = ${which}))::numeric, 3),
  'longestSeconds', round(max(seconds) FILTER (WHERE measure = ${which})::numeric, 3))`;

const seconds = (from: string, to: string) =>
  sql`extract(epoch FROM ${sql.ref(to)} - ${sql.ref(from)})::float8`;

export async function decisionTimes(moment: Moment, range: Range): Promise<DecisionTimes> {
  const [overall, ...templates] = await byTemplate(moment, range);
  const none = { count: 0, medianSeconds: null, p90Seconds: null, longestSeconds: null };
  const total = Math.max(0, (overall?.groups ?? 1) - 1);
  return {
    toFirstDecision: overall?.toFirstDecision ?? none,
    toOutcome: overall?.toOutcome ?? none,
    byTemplate: {
      items: templates.map(({ groups: _, ...item }) => item),
      total,
      truncated: total > MOST,
    },
    byApprover: await byApprover(moment, range),
  };
}

/** All together in the first row, then one row for each template. */
function byTemplate(moment: Moment, range: Range) {
  const approvals = approvalsWith(moment, range);
  return moment.rows(sql<{
    template: string | null;
    toFirstDecision: Times;
    toOutcome: Times;
    groups: number;
  }>`
    WITH measured AS (
      SELECT a.template, 'first' AS measure, ${seconds('a.created_at', 'd.at')} AS seconds
      FROM (SELECT approval_id, min(at) AS at FROM ${counted(moment, range)} AS d GROUP BY 1) AS d
      JOIN ${approvals} AS a USING (approval_id)
      WHERE NOT EXISTS (
        SELECT 1 FROM approval_decisions AS earlier
        WHERE earlier.approval_id = d.approval_id AND earlier.status = 'COUNTED'
          AND earlier.at < ${range.from})
      UNION ALL
      SELECT template, 'outcome', ${seconds('created_at', 'ended_at')}
      FROM ${approvals} AS a
      WHERE ${within(range, 'ended_at')} AND status IN ('APPROVED', 'REJECTED')
        AND level <> 'AUTO' AND overridden_by IS NULL
    )
    SELECT template, ${timesOf('first')} AS "toFirstDecision", ${timesOf('outcome')} AS "toOutcome",
      (count(*) OVER ())::int AS groups
    FROM measured GROUP BY GROUPING SETS ((), (template))
    ORDER BY grouping(template) DESC, count(*) DESC, template LIMIT ${MOST + 1}`);
}

/** A stage can be decided when the one before is complete; the first one since the request or the last material change. */
async function byApprover(moment: Moment, range: Range): Promise<DecisionTimes['byApprover']> {
  const rows = await moment.rows(sql<{ approver: string; decisions: Times; total: number }>`
    SELECT approver, ${timesOf('decision')} AS decisions, (count(*) OVER ())::int AS total
    FROM (
      SELECT d.approver, 'decision' AS measure, ${seconds('opened.at', 'd.at')} AS seconds
      FROM ${counted(moment, range)} AS d JOIN ${approvalsOf(moment, range)} AS a USING (approval_id)
      CROSS JOIN LATERAL (
        SELECT coalesce(max(step.at), a.created_at) AS at FROM approval_log AS step
        WHERE step.approval_id = d.approval_id AND step.at <= d.at
          AND step.kind IN ('stage-completed', 'subject-changed') AND (
          (step.kind = 'stage-completed' AND step.data #> '{next,stage}' = to_jsonb(d.stage))
          OR (step.kind = 'subject-changed' AND step.data -> 'material' = 'true'))
      ) AS opened
      WHERE ${isOneOf(range, sql`d.approver`)}
    ) AS measured
    GROUP BY approver ORDER BY count(*) DESC, approver LIMIT ${MOST}`);
  return listFrom(rows);
}
