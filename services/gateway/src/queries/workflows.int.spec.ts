import { newId } from '@countersign/kernel';
import { startTestPostgres } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ReadingGateway } from '../../test/reading-gateway.js';
import { HASH, json, NOW, workflow } from '../../test/rows.js';

const W = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';
const A = '1b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';

const definition = {
  name: 'demo',
  initial: 'open',
  states: [{ name: 'open' }, { name: 'done', final: 'completed' }],
  transitions: [
    { event: 'finish', from: 'open', to: 'done', condition: 'context.amount < 100' },
    { event: 'approve', from: 'open', to: 'done', roles: ['risk-officer'] },
    { event: 'guess', from: 'open', to: 'done', condition: 'context.missing > 1' },
    { event: 'answer', from: 'open', to: 'done', condition: 'input.ok == true' },
    { event: 'hear', from: 'open', to: 'done', trigger: { signal: 'papers' } },
    { event: 'auto', from: 'open', to: 'done', trigger: 'automatic', condition: 'false' },
  ],
};

const pending = {
  event: 'approve',
  from: 'open',
  to: 'done',
  sequence: 1,
  approvalId: A,
  requester: 'alice',
  requestedAt: NOW.toISOString(),
};

let reading: ReadingGateway;
beforeAll(async () => {
  reading = await ReadingGateway.start(await startTestPostgres());
});
afterAll(() => reading.stop());

describe('workflows', () => {
  beforeAll(async () => {
    await reading.db.insertInto('definitions').values({ hash: HASH, definition }).execute();
    await reading.db
      .insertInto('workflow_instances')
      .values([
        workflow({ workflow_id: W, business_key: 'K-1' }),
        workflow({ status: 'COMPLETED', state: 'done', template: 'other', ended_at: NOW }),
        workflow({
          status: 'ACTIVE',
          pending_transition: pending,
          search: { tradeId: 'T-1', legs: '2' },
        }),
      ])
      .execute();
  });

  it('are listed with filters', async () => {
    expect(await reading.itemsOf('/workflows')).toHaveLength(3);
    expect(await reading.itemsOf('/workflows?status=completed&template=other')).toHaveLength(1);
    expect(await reading.itemsOf('/workflows?state=done&status=ACTIVE')).toHaveLength(0);
    expect(await reading.itemsOf('/workflows?businessKey=K-1')).toEqual([
      {
        workflowId: W,
        template: 'demo',
        templateVersion: 1,
        businessKey: 'K-1',
        status: 'ACTIVE',
        state: 'open',
        scope: null,
        startedBy: 'alice',
        createdAt: '2026-11-24T09:00:00.000Z',
        updatedAt: '2026-11-24T09:00:00.000Z',
        endedAt: null,
        pendingTransition: null,
        intervention: null,
        dueAt: null,
        parentId: null,
        endedBy: null,
        endReason: null,
      },
    ]);
  });

  it('are found by the fields that their template declares as indexed', async () => {
    const contextSchema = [
      { name: 'tradeId', type: 'string', indexed: true },
      { name: 'legs', type: 'number', indexed: true },
      { name: 'note', type: 'string' },
    ];
    const definition = JSON.stringify({ name: 'searched', contextSchema });
    await reading.pool.query('INSERT INTO definitions (hash, definition) VALUES ($1, $2)', [
      'd'.repeat(64),
      definition,
    ]);
    expect(await reading.itemsOf('/workflows?context.tradeId=T-1')).toHaveLength(1);
    expect(await reading.itemsOf('/workflows?context.tradeId=T-1&context.legs=2')).toHaveLength(1);
    expect(await reading.itemsOf('/workflows?context.tradeId=T-1&context.legs=3')).toEqual([]);
    expect(await reading.itemsOf('/workflows?context.tradeId=T-1&status=COMPLETED')).toEqual([]);
    const { status, body } = await reading.get('/workflows?context.tradeId=a&context.tradeId=b');
    expect([status, body]).toMatchObject([400, { code: 'query.invalid' }]);
    for (const query of ['context.nosuch=1', 'context.note=1', 'template=x&context.tradeId=T-9']) {
      const refused = await reading.get(`/workflows?${query}`);
      expect([refused.status, refused.body.code]).toEqual([400, 'query.invalid']);
    }
    const { body: named } = await reading.get('/workflows?context.nosuch=1');
    expect(named.detail).toContain('legs, tradeId');
    expect(await reading.itemsOf('/workflows?template=searched&context.tradeId=T-9')).toEqual([]);
  });

  it('say what can be done next, and why not the rest', async () => {
    const { body } = await reading.get(`/workflows/${W.toUpperCase()}`);
    expect(body).toMatchObject({ workflowId: W, context: { amount: 7 }, definitionHash: HASH });
    expect(body.availableTransitions).toMatchObject([
      { event: 'finish', to: 'done', trigger: 'manual', requiresApproval: null, available: true },
      { event: 'approve', available: false, reason: 'role-missing' },
      { event: 'guess', available: false, reason: 'condition-failed' },
      { event: 'answer', available: true, dependsOnInput: true },
    ]);
    const { body: seenByRisk } = await reading.get(`/workflows/${W}`, 'dave');
    expect(seenByRisk.availableTransitions).toMatchObject([{}, { available: true }, {}, {}]);
  });

  it('say what they wait for and what has stopped them', async () => {
    const at = NOW.toISOString();
    const waiting = workflow({
      template: 'waiting',
      parent_id: W,
      signals: json([{ signalId: A, name: 'early', sender: 'dave', sentAt: at, expiresAt: at }]),
      incidents: json([{ incidentId: A, code: 'x.y', message: 'no', raisedAt: at }]),
      child: { workflowId: A, template: 'check' },
      overrides: { approvals: {} },
    });
    await reading.db.insertInto('workflow_instances').values(waiting).execute();
    const { body } = await reading.get(`/workflows/${waiting.workflow_id}`);
    expect(body).toMatchObject({
      signals: [{ name: 'early', sender: 'dave' }],
      incidents: [{ code: 'x.y' }],
      waitsFor: { child: { workflowId: A, template: 'check' }, signals: ['papers'] },
      overrides: { approvals: {} },
    });
    expect(await reading.itemsOf(`/workflows?parentId=${W}`)).toMatchObject([
      { workflowId: waiting.workflow_id },
    ]);
    expect((await reading.get('/workflows?parentId=nobody')).status).toBe(400);
  });

  it('offer nothing while they wait or when they have ended', async () => {
    for (const { workflowId, template } of await reading.itemsOf('/workflows')) {
      if (workflowId === W || template === 'waiting') continue;
      const { body } = await reading.get(`/workflows/${String(workflowId)}`);
      expect(body.availableTransitions).toEqual([]);
    }
  });

  it('are not found when they are not there', async () => {
    for (const path of [`/workflows/${newId()}`, `/workflows/${newId()}/transitions`]) {
      const { status, body } = await reading.get(path);
      expect([status, body.code]).toEqual([404, 'workflow.not-found']);
    }
  });

  it('show their way', async () => {
    expect(await reading.itemsOf(`/workflows/${W}/transitions`)).toEqual([]);
    await reading.db
      .insertInto('workflow_transitions')
      .values({
        workflow_id: W,
        sequence: 1,
        from_state: 'open',
        to_state: 'done',
        event: 'finish',
        trigger: 'manual',
        actor: 'alice',
        on_behalf_of: null,
        at: NOW,
        reason: 'why',
        approval_id: A,
        approval_outcome: 'granted',
        requester: 'bob',
        decided_by: ['erin', 'dave'],
        event_id: newId(),
        scope: null,
      })
      .execute();
    const decision = (approver: string, for_: string | null, status = 'COUNTED') => ({
      ...{ decision_id: newId(), approval_id: A, stage: 0, approver, on_behalf_of: for_ },
      ...{ delegations: [], action: 'approve', reason: 'fine', qualified_by: 'role:x' },
      ...{ signature: null, subject: null, subject_hash: 'a'.repeat(64), status },
      ...{ void_at: null, at: NOW, scope: null },
    });
    await reading.db
      .insertInto('approval_decisions')
      .values([
        decision('erin', 'heidi', 'REVOKED'),
        decision('erin', null),
        decision('dave', 'nadia'),
      ])
      .execute();
    expect(await reading.itemsOf(`/workflows/${W}/transitions`)).toEqual([
      {
        sequence: 1,
        from: 'open',
        to: 'done',
        event: 'finish',
        trigger: 'manual',
        actor: 'alice',
        onBehalfOf: null,
        at: '2026-11-24T09:00:00.000Z',
        reason: 'why',
        approvalId: A,
        approvalOutcome: 'granted',
        requester: 'bob',
        decidedBy: ['erin', 'dave'],
        decisions: [
          { approver: 'erin', onBehalfOf: null },
          { approver: 'dave', onBehalfOf: 'nadia' },
        ],
      },
    ]);
  });

  it('come page by page, each once, also when many were made at the same moment', async () => {
    await reading.pool.query(
      `INSERT INTO workflow_instances SELECT (jsonb_populate_record(w, jsonb_build_object(
         'workflow_id', gen_random_uuid(), 'template', 'paged',
         'created_at', '2026-11-24T10:00:00Z'::timestamptz + (n / 3) * interval '1 microsecond'
       ))).* FROM workflow_instances w, generate_series(1, 25) n WHERE workflow_id = $1`,
      [W],
    );
    const seen: unknown[] = [];
    let cursor: unknown = '';
    do {
      const { body } = await reading.get(
        `/workflows?template=paged&limit=4&cursor=${String(cursor)}`,
      );
      seen.push(...(body.items as { workflowId: string }[]).map(({ workflowId }) => workflowId));
      cursor = body.nextCursor;
    } while (cursor !== null);
    const { rows } = await reading.pool.query<{ id: string }>(
      `SELECT workflow_id AS id FROM workflow_instances WHERE template = 'paged'
       ORDER BY created_at DESC, workflow_id DESC`,
    );
    expect(seen).toEqual(rows.map(({ id }) => id));
  });
});
