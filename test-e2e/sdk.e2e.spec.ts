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
  }, 120_000);

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

  it('asks, and everything that may follow until it is granted', async () => {
    const [alice, erin, dave] = [as('alice'), as('erin'), as('dave')];
    const subject = { counterparty: 'Example Bank', limit: '5000000.00' };
    const approvers = ['erin', 'dave'];
    const request = { subject, level: 'DUAL' as const, approvers, reason: 'more' };
    const { approvalId, quorum } = await alice.createRequest(request);
    expect(quorum).toEqual({ required: 2, given: 0, met: false });
    await erin.claim(approvalId);
    await erin.release(approvalId);
    const { commentId } = await erin.comment(approvalId, { text: 'why now?', kind: 'question' });
    const answer = { text: 'a deal is near', kind: 'answer' as const, answers: commentId };
    await alice.comment(approvalId, answer);
    const first = await erin.get(approvalId);
    await erin.approve(first, 'terms agree');
    expect(await erin.checkQuorum(approvalId)).toEqual({ required: 2, given: 1, met: false });
    await erin.revoke(approvalId, 'second thoughts');
    const changed = await alice.changeSubject(approvalId, { ...subject, limit: '4000000.00' });
    expect(changed).toMatchObject({ material: true, changed: ['/limit'] });
    const escalation = { approvers: ['frank'], reason: 'dave is busy' };
    expect(await erin.escalate(approvalId, escalation)).toMatchObject({ approvers: ['frank'] });
    const { you } = await alice.why(approvalId);
    expect(you).toMatchObject({ mayDecide: false, code: 'approval.self-approval' });
    for (const person of [erin, as('frank')]) {
      person.position = alice.position;
      await person.approve(await person.get(approvalId), 'terms agree');
    }
    await expect(dave.reject({ ...changed }, 'too late')).rejects.toMatchObject({
      code: 'approval.not-open',
    });
  });

  it('withdraws, delegates and reads the directory', async () => {
    const [alice, erin] = [as('alice'), as('erin')];
    const approvers = ['erin'];
    const request = { subject: {}, level: 'SINGLE' as const, approvers, reason: 'test' };
    const { approvalId } = await alice.createRequest(request);
    await alice.withdraw(approvalId, 'not needed');
    expect((await alice.get(approvalId)).status).toBe('WITHDRAWN');
    const end = new Date(Date.now() + 3_600_000).toISOString();
    const { delegationId } = await erin.delegate({ to: 'dave', end, reason: 'at the dentist' });
    expect((await erin.getDelegations()).map((given) => given.delegationId)).toEqual([
      delegationId,
    ]);
    const shown = await alice.createRequest(request);
    await as('dave').approve(shown, 'erin would', { onBehalfOf: 'erin' });
    await erin.endDelegation(delegationId, { reason: 'back' });
    const { people, revision } = await erin.getDirectory();
    expect(people.map(({ id }) => id)).toContain('erin');
    await expect(erin.replaceDirectory({ people, revision: revision + 1 })).rejects.toMatchObject({
      code: 'directory.revision-mismatch',
      status: 412,
    });
  });
});
