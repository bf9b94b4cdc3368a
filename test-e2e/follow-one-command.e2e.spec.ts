import { CloudEvent } from '@countersign/contracts';
import { verifyChain, type StoredEvent } from '@countersign/kernel';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';
import pg from 'pg';

import { TestSystem } from './src/system.js';
import { cdmFiles, tradeContext } from './src/trades.js';

interface Item {
  readonly workflowId: string;
  readonly approvalId: string;
  readonly businessKey: string;
  readonly subjectHash: string;
  readonly status: string;
  readonly state: string;
}

/** The event store may hold what earlier runs left: this run's keys are its own. */
const run = randomUUID();
const tradeId = `CITI-${run}`;

describe('the main job', () => {
  let system: TestSystem;
  const approvals: string[] = [];

  beforeAll(async () => {
    system = await TestSystem.start();
  }, 120_000);

  afterAll(async () => {
    await system.stop();
  }, 120_000);

  const pendingFor = async (user: string, businessKey: string): Promise<Item | undefined> => {
    const client = await system.as(user);
    const { body } = await client.get<{ items: Item[] }>('/approvals?status=pending&approver=me');
    return body.items.find((item) => item.businessKey === businessKey);
  };

  it('takes a bare trade event to a completed workflow and a published approval', async () => {
    const plain = await connect({ servers: system.nats.anonymousUrl });
    const granted: CloudEvent[] = [];
    plain.subscribe('evt.approval.granted.>', {
      callback: (_, message) => {
        granted.push(CloudEvent.parse(message.json()));
      },
    });
    const [spot] = cdmFiles('fx');
    plain.publish('trades.executed', spot?.text.replaceAll('CITI123', tradeId) ?? '');
    await plain.flush();

    const approval = await eventually(() => pendingFor('erin', tradeId));
    approvals.push(approval.approvalId);
    for (const user of ['erin', 'dave']) {
      const client = await system.as(user);
      const { status } = await client.post(`/approvals/${approval.approvalId}/decisions`, {
        action: 'approve',
        reason: 'terms agree with the confirmation',
        subjectHash: approval.subjectHash,
      });
      expect(status).toBe(202);
    }

    const alice = await system.as('alice');
    const workflow = await eventually(async () => {
      const { body } = await alice.get<Item>(`/workflows/${approval.workflowId}`);
      return body.status === 'COMPLETED' && body;
    });
    expect(workflow.state).toBe('released');

    const database = new pg.Client({ connectionString: system.database.url });
    await database.connect();
    const instances = await database.query<{ status: string }>(
      'SELECT status, state, business_key FROM workflow_instances WHERE workflow_id = $1',
      [approval.workflowId],
    );
    expect(instances.rows).toEqual([
      { status: 'COMPLETED', state: 'released', business_key: tradeId },
    ]);
    const moves = await database.query(
      'SELECT sequence, from_state, to_state, approval_id FROM workflow_transitions WHERE workflow_id = $1 ORDER BY sequence',
      [approval.workflowId],
    );
    expect(moves.rows).toEqual([
      { sequence: 1, from_state: 'captured', to_state: 'pending_approval', approval_id: null },
      {
        sequence: 2,
        from_state: 'pending_approval',
        to_state: 'approved',
        approval_id: approval.approvalId,
      },
      { sequence: 3, from_state: 'approved', to_state: 'released', approval_id: null },
    ]);
    await database.end();

    const event = await eventually(async () =>
      Promise.resolve(granted.find(({ data }) => data['businessKey'] === tradeId)),
    );
    expect(event).toMatchObject({
      type: 'countersign.approval.granted.v1',
      subject: `approval-${approval.approvalId}`,
      data: { businessKey: tradeId, approvers: ['erin', 'dave'], level: 'DUAL' },
    });
    await plain.close();
  });

  it('shows the caller what a command led to, at the position of its reply', async () => {
    const alice = await system.as('alice');
    const { status, body } = await alice.post<Item & { position: string }>('/workflows', {
      template: 'trade_approval',
      businessKey: `T-1-${run}`,
      context: tradeContext('T-1'),
    });
    expect(status).toBe(201);
    const erin = await system.as('erin');
    approvals.push(body.approvalId);
    const open = await erin.get<Item>(`/approvals/${body.approvalId}`, body.position);
    expect(open.body.status).toBe('PENDING');

    const decide = async (user: string) => {
      const client = await system.as(user);
      return client.post<{ status: string; position: string; code: string }>(
        `/approvals/${body.approvalId}/decisions`,
        { action: 'approve', reason: 'fine', subjectHash: open.body.subjectHash },
      );
    };
    expect((await decide('alice')).body.code).toBe('approval.self-approval');
    expect((await decide('erin')).body.status).toBe('IN_PROGRESS');
    expect((await decide('erin')).body.code).toBe('approval.already-decided');
    const last = await decide('frank');
    expect(last.body.status).toBe('APPROVED');
    const done = await alice.get<Item>(`/workflows/${body.workflowId}`, last.body.position);
    expect(done.body.status).toBe('COMPLETED');
  });

  it('rejects on one rejection', async () => {
    const alice = await system.as('alice');
    const { body } = await alice.post<Item & { position: string }>('/workflows', {
      template: 'trade_approval',
      context: tradeContext('T-2'),
    });
    const erin = await system.as('erin');
    approvals.push(body.approvalId);
    const open = await erin.get<Item>(`/approvals/${body.approvalId}`, body.position);
    const { body: rejected } = await erin.post<{ status: string; position: string }>(
      `/approvals/${body.approvalId}/decisions`,
      { action: 'reject', reason: 'wrong counterparty', subjectHash: open.body.subjectHash },
    );
    expect(rejected.status).toBe('REJECTED');
    const done = await alice.get<Item>(`/workflows/${body.workflowId}`, rejected.position);
    expect(done.body).toMatchObject({ status: 'COMPLETED', state: 'rejected' });
  });

  it('keeps every stream as an unbroken chain of hashes with a verified actor', async () => {
    const alice = await system.as('alice');
    const events: StoredEvent[] = [];
    for (const approvalId of approvals) {
      const { body } = await alice.get<{ items: StoredEvent[] }>(
        `/events?stream=approval-${approvalId}`,
      );
      expect(body.items.length).toBeGreaterThanOrEqual(3);
      expect(verifyChain(body.items)).toBeUndefined();
      events.push(...body.items);
    }
    const votes = events.filter((event) => event.type === 'approval.decision-recorded');
    expect(new Set(votes.map((vote) => vote.metadata.actor))).toEqual(
      new Set(['erin', 'dave', 'frank']),
    );
  });
});
