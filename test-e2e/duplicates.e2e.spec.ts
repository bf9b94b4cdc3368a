import { EVENTS_STREAM, TRADES_STREAM } from '@countersign/contracts';
import { newId, type StoredEvent } from '@countersign/kernel';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

import type { ApiClient } from './src/api-client.js';
import { faultsInStore, readStore } from './src/audit.js';
import { connectAnonymously, connectAsService } from './src/bus.js';
import { Desk } from './src/desk.js';
import { loseStart } from './src/lost-start.js';
import { settled } from './src/settled.js';
import { TestSystem } from './src/system.js';
import { tradeContext } from './src/trades.js';

interface Reply {
  readonly workflowId: string;
  readonly approvalId: string;
  readonly status: string;
  readonly state: string;
  readonly code: string;
}

describe('duplicates', () => {
  let system: TestSystem;
  let alice: ApiClient;
  let upstream: NatsConnection;
  let service: NatsConnection;

  beforeAll(async () => {
    system = await TestSystem.start();
    alice = await system.as('alice');
    upstream = await connectAnonymously(system.nats);
    service = await connectAsService(system.nats);
  }, 120_000);

  afterAll(async () => {
    await upstream.close();
    await service.close();
    await system.stop();
  }, 120_000);

  const bodyOf = (tradeId: string) => ({
    template: 'trade_approval',
    businessKey: tradeId,
    context: tradeContext(tradeId),
  });

  const start = (key: string, tradeId: string) =>
    alice.post<Reply>('/workflows', bodyOf(tradeId), { key });

  const inStore = async (type: string, about: string): Promise<StoredEvent[]> =>
    (await readStore(system)).filter(
      (event) => event.type === type && JSON.stringify(event.data).includes(about),
    );

  const publish = async (trade: object) => {
    upstream.publish('trades.executed', JSON.stringify(trade));
    await upstream.flush();
  };

  /** Makes JetStream forget who has seen what: every message of a stream comes again. */
  const deliverAgain = async (stream: string) => {
    const manager = await jetstreamManager(service);
    const durables = async () => {
      const names: string[] = [];
      for await (const { config } of manager.consumers.list(stream)) {
        if (config.durable_name !== undefined) names.push(config.durable_name);
      }
      return names;
    };
    const before = await durables();
    for (const name of before) await manager.consumers.delete(stream, name);
    // They are made anew by those who use them.
    await eventually(async () => (await durables()).length === before.length);
  };

  /** What is in the store, short enough to be shown. */
  const record = async () =>
    (await readStore(system)).map(({ stream, revision, type }) => `${stream}@${revision} ${type}`);

  it('takes ten starts under one key at a time for one', async () => {
    const key = newId();
    const tradeId = newId();
    const replies = await Promise.all(Array.from({ length: 10 }, () => start(key, tradeId)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]));
    const told = replies.map(({ body: { workflowId, status, state, approvalId } }) =>
      JSON.stringify({ workflowId, status, state, approvalId }),
    );
    expect(new Set(told).size).toBe(1);
    const { body } = await alice.get<{ items: unknown[] }>(`/workflows?businessKey=${tradeId}`);
    expect(body.items).toHaveLength(1);
    // The first outcome, also after it has moved on.
    const approvalId = replies[0]?.body.approvalId ?? '';
    const subject = await alice.get<{ subjectHash: string }>(`/approvals/${approvalId}`);
    for (const user of ['erin', 'frank']) {
      const approver = await system.as(user);
      const decision = { action: 'approve', reason: 'fine', subjectHash: subject.body.subjectHash };
      const decide = () =>
        approver.post<Reply>(`/approvals/${approvalId}/decisions`, decision, { key });
      const both = await Promise.all([decide(), decide()]);
      expect(both.map(({ status }) => status)).toEqual([202, 202]);
      expect(both[0].body.status).toBe(both[1].body.status);
    }
    const again = await start(key, tradeId);
    expect(again.body).toMatchObject({ status: 'ACTIVE', state: 'pending_approval' });
  });

  it('refuses a key that comes with another request, without a trace', async () => {
    const key = newId();
    const [first, second] = [newId(), newId()];
    await start(key, first);
    const other = await start(key, second);
    expect(other.status).toBe(422);
    expect(other.body.code).toBe('idempotency.key-reused');
    // The other's business key is nobody's.
    expect((await start(newId(), second)).status).toBe(201);
  });

  it('finishes a start that was lost between its business key and its first event', async () => {
    const [key, tradeId] = [newId(), newId()];
    const lost = await loseStart(system, 'alice', key, bodyOf(tradeId), new Date());
    const busy = await start(newId(), tradeId);
    expect(busy).toMatchObject({ status: 409, body: { code: 'workflow.business-key-busy' } });
    const { status, body } = await start(key, tradeId);
    expect({ status, workflowId: body.workflowId }).toEqual({ status: 201, workflowId: lost });
  });

  it('gives the key of a lost start to another after a while, and then not back', async () => {
    const [key, tradeId] = [newId(), newId()];
    await loseStart(system, 'alice', key, bodyOf(tradeId), new Date(Date.now() - 20_000));
    expect((await start(newId(), tradeId)).status).toBe(201);
    const late = await start(key, tradeId);
    expect(late).toMatchObject({ status: 422, body: { code: 'workflow.start-abandoned' } });
  });

  it('starts one workflow from trades that come twice, and none when all come again', async () => {
    const tradeId = newId();
    await publish({ tradeId, notional: 5 });
    await publish({ tradeId, notional: 5 });
    await publish({ tradeId: `${tradeId} unusable`, notional: 'much' });
    await eventually(async () => (await inStore('trigger.event-ignored', tradeId)).length === 1);
    const [started, ...others] = await inStore('workflow.started', tradeId);
    expect(others).toEqual([]);
    // Its key is free from now on.
    const workflowId = started?.data['workflowId'] as string;
    const cancelled = await alice.post(`/workflows/${workflowId}/cancel`, { reason: 'a test' });
    expect(cancelled.status).toBe(202);
    await settled(system);
    const before = await record();
    await deliverAgain(TRADES_STREAM);
    await settled(system);
    expect(await record()).toEqual(before);
  });

  it('changes nothing when all events come again to those who act on them', async () => {
    const desk = await Desk.open(system);
    await Promise.all([desk.deal(), desk.deal(), desk.deal()]);
    await settled(system);
    const before = await record();
    await deliverAgain(EVENTS_STREAM);
    await settled(system);
    expect(await record()).toEqual(before);
    expect(faultsInStore(await readStore(system), desk.acknowledged)).toEqual([]);
  });
});
