import { Countersign, developmentToken, type PublishedEvent, subscribe } from '@countersign/sdk';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestSystem } from './src/system.js';
import { tradeContext } from './src/trades.js';

type Granted = PublishedEvent<'approval.granted'>;

describe('the SDK on the whole system', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await TestSystem.start();
  }, 60_000);

  afterAll(() => system.stop(), 60_000);

  const as = (user: string) =>
    new Countersign({ url: system.base, token: developmentToken(system.base, user) });

  const follow = (heard: Granted[]) =>
    subscribe({
      servers: `127.0.0.1:${system.nats.port}`,
      credentials: { user: 'subscriber', pass: 'subscriber' },
      durable: 'subscriber',
      events: ['approval.granted'],
      handle: (event) => {
        heard.push(event);
      },
    });

  async function startTrade(tradeId: string): Promise<string> {
    const alice = await system.as('alice');
    const start = { template: 'trade_approval', businessKey: tradeId };
    const context = tradeContext(tradeId);
    const { body } = await alice.post<{ workflowId: string }>('/workflows', { ...start, context });
    return body.workflowId;
  }

  /** Each reads what was asked of them, and approves that. */
  async function approveAsBoth(workflowId: string): Promise<string[]> {
    const statuses: string[] = [];
    for (const user of ['erin', 'dave']) {
      const person = as(user);
      const [approval] = await eventually(async () => {
        const pending = await person.getPendingApprovals({ workflowId });
        return pending.length === 1 && pending;
      });
      if (!approval) throw new Error(`nothing waits for ${user}`);
      await person.approve(approval, 'terms agree');
      // At once: the client waits for its own write.
      statuses.push((await person.get(approval.approvalId)).status);
    }
    return statuses;
  }

  it('decides, is refused by code, and hears of the outcome, also of the time that it was away', async () => {
    const heard: Granted[] = [];
    const first = await follow(heard);
    const here = await startTrade('SDK-1');
    const [pending] = await eventually(async () => {
      const all = await as('erin').getPendingApprovals({ workflowId: here });
      return all.length === 1 && all;
    });
    if (!pending) throw new Error('nothing waits');
    const stale = { ...pending, subjectHash: 'a'.repeat(64) };
    await expect(as('erin').approve(stale, 'unseen')).rejects.toMatchObject({
      code: 'approval.stale-subject',
      status: 422,
    });
    await expect(as('alice').approve(pending, 'mine')).rejects.toMatchObject({
      code: 'approval.self-approval',
    });
    expect((await approveAsBoth(here)).at(-1)).toBe('APPROVED');
    await eventually(() => Promise.resolve(heard.length === 1));
    await first.stop();

    const away = await startTrade('SDK-2');
    await approveAsBoth(away);
    const second = await follow(heard);
    await eventually(() => Promise.resolve(heard.length === 2));
    await second.stop();
    expect(heard.map(({ data }) => data.workflowId)).toEqual([here, away]);
    expect(heard[0]?.data.approvers).toEqual(['erin', 'dave']);
  });
});
