import pg from 'pg';

import { Caller } from './caller.js';
import { median, options, print } from './closed-loop.js';

const DECISIONS = 200_000;
const PEOPLE = 2_000;
const DAYS = 400;

/** A number below `most` that row `n` gets and, for all one can see, its neighbours do not. */
const spread = (salt: string, most: number) =>
  `abs(hashint8(n * 7919 + ${salt.length}))::bigint % ${most}`;
const person = (salt: string) => `'p' || ${spread(salt, PEOPLE)}`;
const HASH = `repeat('d', 64)`;

/** Approvals of two decisions each, spread over the days before now, one in a hundred with what an auditor looks at twice. */
const TABLES = [
  `CREATE TEMP TABLE made AS
   SELECT n, gen_random_uuid() AS id, ${person('r')} AS requester,
     now() - interval '1 minute' * (1 + n * ${DAYS * 1_440}.0 / ${DECISIONS / 2}) AS at
   FROM generate_series(1, ${DECISIONS / 2}) AS n`,
  `INSERT INTO approval_requests
   SELECT id, gen_random_uuid(), NULL, 'bench_' || n % 20, 'B-' || n, requester, '{}', false, 'why',
     CASE WHEN n % 50 = 0 THEN 'TIMED_OUT' ELSE 'APPROVED' END, 'DUAL', 0, NULL, 2, 2, '[]',
     '{"level": "DUAL", "approvers": ["group:desk"]}', '{group:desk}', '[]', '[]', '{}', '[]',
     ARRAY[${person('one')}, ${person('other')}], ARRAY[requester], '{"limit": 5}', ${HASH}, '{}', NULL,
     false, NULL, '[]', CASE WHEN n % 500 = 0 THEN 'CLOSED' END,
     CASE WHEN n % 500 = 0 THEN ${person('o')} END, NULL, NULL, 'bench', 4, at, at,
     at + interval '2 hours'
   FROM made`,
  ...['one', 'other'].map(
    (salt, which) => `INSERT INTO approval_decisions
   SELECT gen_random_uuid(), id, 0, ${person(salt)}, CASE WHEN n % 40 = ${which} THEN ${person('b')} END,
     '{}', CASE WHEN ${spread(salt, 30)} = 0 THEN 'reject' ELSE 'approve' END, 'why', 'group:desk', NULL,
     '{"limit": 5}', ${HASH}, 'COUNTED', NULL, at + interval '1 hour' * ${which + 1}, 'bench'
   FROM made`,
  ),
  ...[
    [0, 'requested', `'{"subject": {"limit": 5}}'`, 1],
    [1, 'decision-recorded', `'{"action": "approve"}'`, 1],
    [2, 'decision-recorded', `'{"action": "approve"}'`, 1],
    [3, 'granted', `'{}'`, 1],
    [9, 'stage-completed', `'{"stage": 0, "next": {"stage": 1}}'`, 3],
    [
      4,
      'decision-refused',
      `jsonb_build_object('actor', requester, 'action', 'approve', 'code', 'approval.self-approval')`,
      100,
    ],
    [
      5,
      'escalated',
      `jsonb_build_object('stage', 0, 'approvers', ARRAY[${person('e')}], 'cause', 'timeout')`,
      100,
    ],
    [6, 'timed-out', `jsonb_build_object('outcome', 'reject', 'deadline', at)`, 50],
    [
      7,
      'overridden',
      `jsonb_build_object('overriddenBy', ${person('o')}, 'qualifiedBy', 'role:x', 'reason', 'why')`,
      500,
    ],
    [
      8,
      'review-closed',
      `jsonb_build_object('closedBy', ${person('c')}, 'verdict', 'justified', 'reason', 'why')`,
      500,
    ],
  ].map(
    ([revision, kind, data, each]) => `INSERT INTO approval_log
   SELECT id, ${revision}, '${kind}', requester, at + interval '15 minutes' * ${revision}, ${data}, 'bench'
   FROM made WHERE n % ${each} = 0`,
  ),
  'DROP TABLE made',
  'ANALYZE approval_requests, approval_decisions, approval_log',
];

/** The report on approvals, in read tables of a size that takes years to reach; its rows come straight from SQL. */
export async function approvalReport(base: string, databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  for (const statement of TABLES) await client.query(statement);
  await client.end();
  const auditor = await Caller.signIn(base, 'carol');
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString();
  const queries = {
    '30 days': '',
    '400 days': `from=${day(399)}`,
    '400 days of a person': `from=${day(399)}&person=p7`,
    '400 days of a template': `from=${day(399)}&template=bench_7`,
  };
  for (const [about, query] of Object.entries(queries)) {
    const times: number[] = [];
    for (let run = 0; run < options.runs; run++) {
      const start = performance.now();
      await auditor.call('GET', `/reports/approvals?${query}`, 200);
      times.push(performance.now() - start);
    }
    print('approval-report', 1, {
      about,
      decisions: DECISIONS,
      people: PEOPLE,
      median_ms: Math.round(median(times)),
      max_ms: Math.round(Math.max(...times)),
      runs: times.length,
    });
  }
}
