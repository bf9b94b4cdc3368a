import type { ReadModel } from '@countersign/contracts';
import { derivedId, newId } from '@countersign/kernel';
import { Organisation } from '@countersign/state-machine';
import { startTestPostgres } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Insertable } from 'kysely';

import { ReadingGateway } from '../../test/reading-gateway.js';
import { approval, HASH, NOW } from '../../test/rows.js';
import { ApprovalsQuery } from './approvals.query.js';
import { ReadView } from './read-view.js';

const W = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';
const A = '1b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';
const STAGES = [
  { name: 'desk', level: 'DUAL', status: 'OPEN', required: 2, given: 1, approvers: ['bob'] },
  { name: 'risk', level: 'SINGLE', status: 'WAITING', required: 1, given: 0, approvers: ['erin'] },
];
const ESCALATION = {
  ...{ stage: 0, approvers: ['frank'], tier: 0, cause: 'timeout', by: null, reason: null },
  at: NOW.toISOString(),
};

type Decision = Insertable<ReadModel['approval_decisions']>;
const decision = (approver: string, at: string, more: Partial<Decision> = {}): Decision => ({
  decision_id: derivedId('decision', approver),
  approval_id: A,
  stage: 0,
  approver,
  on_behalf_of: null,
  delegations: [],
  action: 'approve',
  reason: 'why',
  subject_hash: HASH,
  subject: { a: 1 },
  qualified_by: 'group:x',
  signature: null,
  status: 'COUNTED',
  void_at: null,
  at: new Date(at),
  scope: null,
  ...more,
});

const step = (
  revision: number,
  kind: string,
  data: object,
): Insertable<ReadModel['approval_log']> => ({
  approval_id: A,
  revision,
  kind,
  actor: 'bob',
  at: NOW,
  data: data as never,
  scope: null,
});

let reading: ReadingGateway;
beforeAll(async () => {
  reading = await ReadingGateway.start(await startTestPostgres());
});
afterAll(() => reading.stop());

describe('approvals', () => {
  const names = [
    ...['group', 'role', 'mine', 'edited', 'within', 'voted', 'closed', 'escalated', 'late'],
    ...['late-but-escalates', 'withdrawn', 'reviewed'],
  ] as const;
  const ids = Object.fromEntries(names.map((name) => [name, derivedId(name)])) as Record<
    (typeof names)[number],
    string
  >;
  const expired = { deadlines: { expiresAt: NOW.toISOString() } };
  const policy = (more: object) => ({ policy: { level: 'DUAL', approvers: ['bob'], ...more } });
  const asked = (name: keyof typeof ids, more: Parameters<typeof approval>[0]) =>
    approval({ approval_id: ids[name], approvers: ['bob'], ...more });

  beforeAll(async () => {
    const started = {
      ...{ approval_id: A, workflow_id: W, approvers: ['bob', 'dave'], voters: ['carol'] },
      ...{ status: 'IN_PROGRESS', given: 1, stage_name: 'desk', claimed_by: 'bob' },
    };
    await reading.db
      .insertInto('approval_requests')
      .values([
        approval({ ...started, stages: STAGES, escalated: ['frank'], escalations: [ESCALATION] }),
        asked('group', { approvers: ['group:trade-approvers'] }),
        asked('role', { approvers: ['role:risk-officer'] }),
        asked('mine', { requester: 'bob', excluded: ['bob'], template: 'other' }),
        asked('edited', { editors: ['bob'], excluded: ['alice', 'bob'] }),
        asked('within', { within: [['group:trade-approvers'], ['role:nobody']] }),
        asked('voted', { voters: ['erin', 'bob'] }),
        asked('closed', { status: 'APPROVED', ended_at: NOW }),
        asked('escalated', { approvers: ['x'], escalated: ['bob'], within: [['role:nobody']] }),
        asked('late', { ...expired, ...policy({ expiry: { after: 'PT1H', outcome: 'reject' } }) }),
        asked('late-but-escalates', {
          ...expired,
          ...policy({ expiry: { after: 'PT1H', outcome: 'escalate' } }),
        }),
        asked('withdrawn', { status: 'WITHDRAWN', ended_at: NOW, ended_by: 'alice' }),
        asked('reviewed', { status: 'APPROVED', ended_at: NOW, review: 'OPEN' }),
      ])
      .execute();
    const signature = {
      ...{ meaning: 'reviewed and approved', name: 'Carol', authMethod: 'dev' },
      authenticatedAt: NOW.toISOString(),
    };
    await reading.db
      .insertInto('approval_decisions')
      .values([
        decision('dave', '2026-11-24T09:02:00.123Z', { status: 'REVOKED', void_at: NOW }),
        decision('carol', '2026-11-24T09:01:00Z', { on_behalf_of: 'erin', signature }),
      ])
      .execute();
    const comment = { commentId: derivedId('comment'), author: 'bob', text: 'why?' };
    await reading.db
      .insertInto('approval_log')
      .values([
        step(3, 'escalated', { tier: 0 }),
        step(2, 'commented', { ...comment, kind: 'question' }),
        step(0, 'requested', { required: 2 }),
      ])
      .execute();
  });

  const found = async (query: string, as = 'alice') =>
    (await reading.itemsOf(`/approvals?${query}`, as)).map(({ approvalId }) => approvalId).sort();
  const mine = (as: string, query = '') => found(`approver=me${query}`, as);

  it('wait for those who can decide them now', async () => {
    const bobs = [A, ids.group, ids.escalated, ids['late-but-escalates']];
    expect(await mine('bob')).toEqual(bobs.sort());
    expect(await mine('dave')).toEqual([A, ids.group, ids.role].sort());
    expect(await mine('alice')).toEqual([]);
    expect(await mine('bob', '&status=approved')).toEqual([]);
    const [first] = await reading.itemsOf('/approvals?approver=bob&limit=1', 'bob');
    expect(first?.decidableFor).toEqual(['bob']);
  });

  it('say who made the subject what it is, also in lists', async () => {
    const { body } = await reading.get(`/approvals/${ids.edited}`);
    expect(body.editors).toEqual(['bob']);
    const listed = await reading.itemsOf('/approvals');
    const edited = listed.find(({ approvalId }) => approvalId === ids.edited);
    expect(edited?.editors).toEqual(['bob']);
  });

  it('page through what somebody can decide', async () => {
    const seen: unknown[] = [];
    for (let cursor = ''; ;) {
      const { body } = await reading.get(`/approvals?approver=me&limit=1&cursor=${cursor}`, 'bob');
      seen.push(...(body.items as { approvalId: string }[]).map(({ approvalId }) => approvalId));
      if (body.nextCursor === null) break;
      cursor = body.nextCursor as string;
    }
    expect(seen.sort()).toEqual(await mine('bob'));
  });

  it('show the list of others to administrators alone', async () => {
    const bob = { id: 'bob', roles: [], groups: [], authMethod: 'test' };
    const view = new ReadView(bob, 'everything', reading.db, reading.pool);
    const list = (approver: string) =>
      new ApprovalsQuery().list(
        view,
        { approver, limit: 9 },
        new Organisation({ people: [] }),
        NOW,
      );
    await expect(list('dave')).rejects.toMatchObject({ code: 'approval.not-your-list' });
    expect((await list('bob')).items).toHaveLength(3);
    expect(await found('approver=dave', 'frank')).toEqual([A]);
  });

  it('are found by status, in any case; pending is open', async () => {
    expect(await found('status=pending')).toHaveLength(10);
    expect(await found('status=IN_PROGRESS')).toEqual([A]);
    expect(await found('status=withdrawn')).toEqual([ids.withdrawn]);
    expect(await found('status=timed_out')).toEqual([]);
    expect((await reading.get('/approvals?status=nothing')).status).toBe(400);
    const ofGroup = await reading.get('/approvals?approver=group:risk');
    expect([ofGroup.status, ofGroup.body.code]).toEqual([400, 'approval.takes-a-person']);
  });

  it.each([
    ['requester=bob', 'alice', ['mine']],
    ['requester=me', 'bob', ['mine']],
    ['template=other', 'alice', ['mine']],
    ['review=open', 'alice', ['reviewed']],
    ['review=CLOSED', 'alice', []],
    ['claimedBy=alice', 'bob', []],
  ] as const)('are found by %s', async (query, as, expected) => {
    expect(await found(query, as)).toEqual(expected.map((name) => ids[name]));
    expect(await found('claimedBy=me', 'bob')).toEqual([A]);
  });

  it('are listed with what they are about', async () => {
    expect(await reading.itemsOf(`/approvals?workflowId=${W.toUpperCase()}`)).toEqual([
      {
        approvalId: A,
        workflowId: W,
        bulkJobId: null,
        template: 'demo',
        businessKey: 'T-1',
        requester: 'alice',
        adHoc: false,
        reason: null,
        status: 'IN_PROGRESS',
        level: 'DUAL',
        quorum: { required: 2, given: 1, met: false },
        stage: 0,
        stageName: 'desk',
        required: 2,
        approvals: 1,
        subject: { a: 1 },
        subjectHash: HASH,
        editors: [],
        scope: null,
        dueAt: null,
        claimedBy: 'bob',
        incidents: [],
        review: null,
        overriddenBy: null,
        endedBy: null,
        endReason: null,
        createdAt: '2026-11-24T09:00:00.000Z',
        updatedAt: '2026-11-24T09:00:00.000Z',
        endedAt: null,
      },
    ]);
  });

  it('show stages, votes in order, comments and history', async () => {
    const { body } = await reading.get(`/approvals/${A}`);
    expect(body).toMatchObject({
      approvalId: A,
      quorum: { required: 2, given: 1, met: false },
      policy: { level: 'DUAL' },
      stages: STAGES,
      askedNow: ['bob', 'dave', 'frank'],
      excluded: ['alice'],
      deadlines: { expiresAt: null, reminders: [], escalations: [] },
      escalations: [{ approvers: ['frank'], cause: 'timeout' }],
      votes: [
        {
          approver: 'carol',
          onBehalfOf: 'erin',
          at: '2026-11-24T09:01:00.000Z',
          signature: { meaning: 'reviewed and approved' },
          status: 'COUNTED',
          voidAt: null,
        },
        {
          approver: 'dave',
          at: '2026-11-24T09:02:00.123Z',
          status: 'REVOKED',
          voidAt: '2026-11-24T09:00:00.000Z',
        },
      ],
      comments: [{ author: 'bob', kind: 'question', text: 'why?', answers: null }],
      history: [{ kind: 'requested', data: { required: 2 } }, { kind: 'escalated' }],
    });
    expect((await reading.get(`/approvals/${ids.role}`)).body).toMatchObject({
      votes: [],
      comments: [],
      history: [],
    });
    expect((await reading.get(`/approvals/${newId()}`)).body.code).toBe('approval.not-found');
  });
});
