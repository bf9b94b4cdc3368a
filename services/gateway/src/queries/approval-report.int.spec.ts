import { Organisation } from '@countersign/state-machine';
import { startTestPostgres } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ReadingGateway } from '../../test/reading-gateway.js';
import { at, decided, DELEGATION, fillReport, id, step } from '../../test/report-rows.js';
import { approval, NOW } from '../../test/rows.js';
import { ApprovalReportParameters, ApprovalReportQuery } from './approval-report.query.js';
import { ReadView } from './read-view.js';

const times = (...seconds: number[]) => {
  const [medianSeconds, p90Seconds, longestSeconds] = seconds.slice(1);
  return { count: seconds[0], medianSeconds, p90Seconds, longestSeconds };
};
const NONE = { count: 0, medianSeconds: null, p90Seconds: null, longestSeconds: null };
const RANGE = 'from=2026-11-10&to=2026-11-11';

interface Lists {
  readonly [list: string]: { readonly items: readonly object[]; readonly total: number };
}

let reading: ReadingGateway;
beforeAll(async () => {
  reading = await ReadingGateway.start(await startTestPostgres());
});
afterAll(() => reading.stop());

/** Everybody of the development directory is an administrator. */
async function report(query: string): Promise<Record<string, unknown>> {
  const { status, body } = await reading.get(`/reports/approvals?${query}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
}

describe('the report on approvals', () => {
  beforeAll(() => fillReport(reading.db));

  it('counts what was asked for and what came of it in the range', async () => {
    const { outcomes, from, to } = await report(RANGE);
    expect([from, to]).toEqual(['2026-11-10T00:00:00.000Z', '2026-11-11T00:00:00.000Z']);
    expect(outcomes).toEqual({
      requested: 8,
      stillOpen: 1,
      ended: { APPROVED: 5, REJECTED: 1, TIMED_OUT: 1, WITHDRAWN: 0, CANCELLED: 1 },
      automatic: 1,
      overridden: 2,
    });
  });

  it('measures what people decided, without what was revoked or void', async () => {
    const { decisionTimes } = await report(RANGE);
    expect(decisionTimes).toEqual({
      // 20, 40, 90 and 1000 seconds; 100, 200 and 300.
      toFirstDecision: times(4, 65, 727, 1000),
      toOutcome: times(3, 200, 280, 300),
      byTemplate: {
        items: [
          {
            template: 'demo',
            toFirstDecision: times(3, 40, 808, 1000),
            toOutcome: times(2, 200, 280, 300),
          },
          {
            template: null,
            toFirstDecision: times(1, 90, 90, 90),
            toOutcome: times(1, 200, 200, 200),
          },
        ],
        total: 2,
        truncated: false,
      },
      byApprover: {
        items: [
          { approver: 'alice', decisions: times(2, 65, 85, 90) },
          // The second stage could be decided from second 30 on.
          { approver: 'bob', decisions: times(1, 70, 70, 70) },
          { approver: 'carol', decisions: times(1, 20, 20, 20) },
          { approver: 'erin', decisions: times(1, 300, 300, 300) },
          // What was asked changed at 700.
          { approver: 'grace', decisions: times(1, 300, 300, 300) },
        ],
        total: 5,
        truncated: false,
      },
    });
  });

  it('finds who never rejects, and who decides for each other', async () => {
    const always = async (minimum: number) =>
      (await report(`${RANGE}&minimum=${minimum}`)).neverRejected;
    const one = { decisions: 1, approvals: 1, abstentions: 0, onBehalfOfOthers: 0 };
    const alice = { ...one, person: 'alice', decisions: 2, approvals: 2 };
    expect(await always(2)).toEqual({ items: [alice], total: 1, truncated: false });
    const others = ['bob', 'carol', 'grace'].map((person) => ({ ...one, person }));
    expect(await always(1)).toEqual({ items: [alice, ...others], total: 4, truncated: false });
    expect((await report(RANGE)).neverRejected).toMatchObject({ items: [], total: 0 });
    const pair = {
      first: 'alice',
      second: 'bob',
      firstOnSecond: { decisions: 2, approvals: 2 },
      secondOnFirst: { decisions: 1, approvals: 1 },
    };
    const { reciprocalPairs } = await report(RANGE);
    expect(reciprocalPairs).toEqual({ items: [pair], total: 1, truncated: false });
  });

  it('takes for the first decision the first of all, not of the range', async () => {
    const asked = { approval_id: id('slow'), created_at: at(-2_000_000) };
    await reading.db.insertInto('approval_requests').values(approval(asked)).execute();
    const [first, second] = [
      decided('slow', 'bob', -1_900_000),
      decided('slow', 'carol', -1_800_000),
    ];
    await reading.db.insertInto('approval_decisions').values([first, second]).execute();
    const firstIn = async (from: number) => {
      const range = `from=${at(from).toISOString()}&to=${at(-1_700_000).toISOString()}`;
      const { toFirstDecision } = (await report(range)).decisionTimes as Record<string, unknown>;
      return toFirstDecision;
    };
    expect(await firstIn(-1_850_000)).toEqual(NONE);
    expect(await firstIn(-1_950_000)).toEqual(times(1, 100_000, 100_000, 100_000));
  });

  it('shows overrides and how long their reviews were open', async () => {
    const { overrides } = await report(RANGE);
    const about = { template: 'demo', businessKey: 'T-1', requester: 'carol' };
    expect(overrides).toEqual({
      items: [
        {
          ...{ ...about, approvalId: id('unreviewed'), at: at(60).toISOString() },
          ...{ overriddenBy: 'erin', qualifiedBy: 'erin', reason: 'away', review: 'OPEN' },
          ...{ closedBy: null, verdict: null, reviewReason: null, closedAt: null },
          openSeconds: (NOW.getTime() - at(60).getTime()) / 1000,
        },
        {
          ...{ ...about, approvalId: id('override'), at: at(50).toISOString() },
          ...{ overriddenBy: 'dave', qualifiedBy: 'role:risk-officer', reason: 'down' },
          ...{ review: 'CLOSED', closedBy: 'frank', verdict: 'justified' },
          ...{ reviewReason: 'it was down', closedAt: at(650).toISOString(), openSeconds: 600 },
        },
      ],
      ...{ total: 2, truncated: false, openReviews: 1 },
    });
  });

  it('shows refusals, decisions on behalf of others, approvers who were added, and what expired', async () => {
    const { segregation, expired } = await report(RANGE);
    const about = (name: string, requester: string, seconds: number) => ({
      ...{ approvalId: id(name), template: 'demo', businessKey: 'T-1', requester },
      at: at(seconds).toISOString(),
    });
    const all = (...items: object[]) => ({ items, total: items.length, truncated: false });
    expect(segregation).toEqual({
      refusals: {
        ...all(
          {
            ...{ ...about('one', 'alice', 9.5), actor: 'carol', onBehalfOf: 'grace' },
            ...{ action: 'approve', code: 'approval.not-an-approver' },
          },
          {
            ...{ ...about('one', 'alice', 8), actor: 'carol', onBehalfOf: 'bob' },
            ...{ action: 'approve', code: 'approval.already-decided' },
          },
          {
            ...{ ...about('open', 'erin', 7), actor: 'erin', onBehalfOf: null },
            ...{ action: 'approve', code: 'approval.self-approval' },
          },
        ),
        byCode: {
          ...{ 'approval.self-approval': 1, 'approval.excluded': 0 },
          ...{ 'approval.already-decided': 1, 'approval.not-an-approver': 1 },
        },
      },
      onBehalf: all({
        ...{ ...about('two', 'bob', 300), stage: 0, approver: 'erin', onBehalfOf: 'grace' },
        ...{ delegations: [DELEGATION], action: 'reject' },
      }),
      escalations: all(
        {
          ...{ ...about('open', 'erin', 1900), stage: 0, approvers: ['ivan'], tier: null },
          ...{ cause: 'person', escalatedBy: 'grace', reason: 'x' },
        },
        {
          ...{ ...about('late', 'erin', 1800), stage: 0, approvers: ['heidi', 'role:desk-head'] },
          ...{ tier: 0, cause: 'timeout', escalatedBy: null, reason: null },
        },
      ),
    });
    const deadline = at(3600).toISOString();
    expect(expired).toEqual(all({ ...about('late', 'erin', 3600), outcome: 'reject', deadline }));
  });

  it('is about one template or one person', async () => {
    expect(await report(`${RANGE}&template=other`)).toMatchObject({
      outcomes: { requested: 0 },
      decisionTimes: { toOutcome: NONE, byApprover: { total: 0 } },
      expired: { total: 0 },
    });
    const grace = await report(`${RANGE}&person=grace&minimum=1`);
    expect(grace).toMatchObject({
      person: 'grace',
      outcomes: { requested: 1, stillOpen: 1 },
      decisionTimes: { toFirstDecision: times(1, 1000, 1000, 1000), byApprover: { total: 1 } },
      neverRejected: { items: [{ person: 'grace' }], total: 1 },
      reciprocalPairs: { total: 0 },
      overrides: { total: 0 },
      segregation: { refusals: { total: 1 }, onBehalf: { total: 1 }, escalations: { total: 1 } },
    });
    const people = async (person: string) => {
      const { overrides, segregation, expired } = await report(`${RANGE}&person=${person}`);
      const { refusals, escalations } = segregation as Lists;
      const lists = [overrides as Lists[string], refusals, escalations, expired as Lists[string]];
      return lists.map((list) => list?.total);
    };
    expect(await people('frank')).toEqual([1, 0, 0, 0]);
    expect(await people('bob')).toEqual([0, 1, 0, 0]);
    expect(await people('ivan')).toEqual([0, 0, 1, 0]);
    expect(await people('erin')).toEqual([1, 1, 2, 1]);
    expect((await report('person=me')).person).toBe('alice');
  });

  it('is empty where nothing happened', async () => {
    const list = { items: [], total: 0, truncated: false };
    const ended = { APPROVED: 0, REJECTED: 0, TIMED_OUT: 0, WITHDRAWN: 0, CANCELLED: 0 };
    expect(await report('from=2020-01-01T00:00:00%2B01:00&to=2020-02-01')).toEqual({
      ...{ from: '2019-12-31T23:00:00.000Z', to: '2020-02-01T00:00:00.000Z' },
      ...{ template: null, person: null, minimum: 10 },
      outcomes: { requested: 0, stillOpen: 0, ended, automatic: 0, overridden: 0 },
      decisionTimes: {
        ...{ toFirstDecision: NONE, toOutcome: NONE, byTemplate: list, byApprover: list },
      },
      neverRejected: list,
      reciprocalPairs: list,
      overrides: { ...list, openReviews: 0 },
      segregation: {
        refusals: {
          ...list,
          byCode: {
            ...{ 'approval.self-approval': 0, 'approval.excluded': 0 },
            ...{ 'approval.already-decided': 0, 'approval.not-an-approver': 0 },
          },
        },
        ...{ onBehalf: list, escalations: list },
      },
      expired: list,
    });
  });

  it('says where a list was cut', async () => {
    const many = Array.from({ length: 101 }, (_, n) =>
      step('late', 10 + n, 'timed-out', -1_000_000 + n, { outcome: 'reject', deadline: NOW }),
    );
    await reading.db.insertInto('approval_log').values(many).execute();
    const { expired } = await report('from=2026-10-20&to=2026-11-01');
    const { items, ...whole } = expired as Lists[string];
    expect(whole).toEqual({ total: 101, truncated: true });
    expect(items).toHaveLength(100);
    expect(items[0]).toMatchObject({ at: at(-1_000_000 + 100).toISOString() });
  });

  it('is about the last thirty days without a range, and at most 400', async () => {
    expect(await report('')).toMatchObject({
      from: new Date(NOW.getTime() - 30 * 24 * 3_600_000).toISOString(),
      to: NOW.toISOString(),
    });
    const refused = async (query: string) => {
      const { status, body } = await reading.get(`/reports/approvals?${query}`);
      return [status, body.code];
    };
    expect(await refused('from=2025-10-01&to=2026-11-06')).toEqual([400, 'report.bad-range']);
    expect(await refused('from=2026-11-06&to=2026-11-06')).toEqual([400, 'report.bad-range']);
    expect(await refused('from=yesterday')).toEqual([400, 'query.invalid']);
    expect(await refused('minimum=0')).toEqual([400, 'query.invalid']);
    await report('from=2025-10-01&to=2026-11-05');
  });

  const as = (groups: string[]) => {
    const caller = { id: 'x', roles: [], groups, authMethod: 'test' };
    return new ReadView(caller, 'everything', reading.db, reading.pool);
  };
  const query = new ApprovalReportQuery();
  const nobody = new Organisation({ people: [] });
  const usual = ApprovalReportParameters.parse({});

  it('is for auditors and administrators', async () => {
    await expect(query.report(as(['compliance']), usual, nobody, NOW)).rejects.toMatchObject({
      kind: 'forbidden',
      code: 'report.not-allowed',
      message: 'this takes a member of the group auditors or workflow-admins',
    });
    expect(await query.report(as(['auditors']), usual, nobody, NOW)).toHaveProperty('outcomes');
  });

  it('knows people by their logins', async () => {
    const grace = {
      id: 'grace',
      name: 'Grace',
      roles: [],
      groups: [],
      active: true,
      logins: ['corp-1'],
    };
    const parameters = ApprovalReportParameters.parse({ person: 'corp-1' });
    const organisation = new Organisation({ people: [grace] });
    expect(await query.report(as(['auditors']), parameters, organisation, NOW)).toMatchObject({
      person: 'grace',
      outcomes: { requested: 1 },
    });
  });

  it('shows the scopes that the caller may see', async () => {
    const caller = { id: 'x', roles: [], groups: ['auditors'], authMethod: 'test' };
    const view = new ReadView(caller, ['fx'], reading.db, reading.pool);
    const parameters = ApprovalReportParameters.parse({ from: '2026-11-10', to: '2026-11-11' });
    expect(await query.report(view, parameters, nobody, NOW)).toMatchObject({
      outcomes: { requested: 0 },
      overrides: { total: 0 },
    });
  });

  it('gives up where the database takes too long', async () => {
    const blocking = await reading.pool.connect();
    try {
      await blocking.query('BEGIN; LOCK TABLE approval_requests IN ACCESS EXCLUSIVE MODE');
      await expect(query.report(as(['auditors']), usual, nobody, NOW, 50)).rejects.toMatchObject({
        code: 'report.too-large',
      });
    } finally {
      await blocking.query('ROLLBACK');
      blocking.release();
    }
  });
});
