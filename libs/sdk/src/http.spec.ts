import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { approval, changed, decided, HASH, ID, quorum, shown } from '../test/answers.js';
import { ApiServer, type Received } from '../test/api-server.js';
import { Countersign } from './index.js';

let api: ApiServer;
let client: Countersign;

beforeEach(async () => {
  api = await ApiServer.start();
  client = new Countersign({ url: api.url, token: () => 'token', retries: 2 });
});
afterEach(() => api.stop());

const last = (): Received => {
  const received = api.received.at(-1);
  if (!received) throw new Error('nothing was sent');
  return received;
};
const keys = () => api.received.map(({ headers }) => headers['idempotency-key']);

describe('once and again', () => {
  it.each([
    ['nobody answers', () => api.answers.push('hang up')],
    ['the server is being stopped', () => api.problem(503, 'service.unreachable')],
    ['others change the same thing', () => api.problem(409, 'stream.conflict')],
  ])('tries again under the same key when %s', async (_, fail) => {
    fail();
    fail();
    api.ok(decided);
    expect(await client.approve(shown, 'fine')).toEqual(decided);
    expect(new Set(keys()).size).toBe(1);
    expect(keys()).toHaveLength(3);
  });

  it('gives every call a key of its own, or the one that the caller has', async () => {
    for (let n = 0; n < 3; n++) api.ok(decided);
    await client.approve(shown, 'fine');
    await client.approve(shown, 'fine');
    await client.approve(shown, 'fine', { idempotencyKey: 'mine' });
    expect(new Set(keys()).size).toBe(3);
    expect(keys()[2]).toBe('mine');
  });

  it('gives up in the end, with what was said last', async () => {
    for (let n = 0; n < 3; n++) api.problem(503, 'query.behind');
    await expect(client.get(ID)).rejects.toMatchObject({ code: 'query.behind', status: 503 });
    expect(api.received).toHaveLength(3);
  });

  it('does not repeat what the server refused', async () => {
    api.problem(403, 'approval.not-an-approver');
    await expect(client.approve(shown, 'fine')).rejects.toMatchObject({ status: 403 });
    expect(api.received).toHaveLength(1);
  });

  it('waits as long as the server wants', async () => {
    api.problem(503, 'service.unreachable', { 'retry-after': '1' });
    api.ok(approval);
    const before = Date.now();
    await client.get(ID);
    expect(Date.now() - before).toBeGreaterThanOrEqual(990);
  });

  it('does not wait for ever for one answer', async () => {
    client = new Countersign({ url: api.url, token: () => 'token', retries: 1, timeout: 50 });
    api.answers.push('silence', 'silence');
    await expect(client.get(ID)).rejects.toMatchObject({ code: 'sdk.unreachable', status: 0 });
    expect(api.received).toHaveLength(2);
  });

  it('ends when the caller wants it to', async () => {
    api.answers.push('silence');
    const controller = new AbortController();
    const reply = client.get(ID, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('no longer interested')), 100);
    await expect(reply).rejects.toThrow('no longer interested');
    expect(api.received).toHaveLength(1);
  });
});

describe('tokens', () => {
  it('are asked for anew when one is refused, once', async () => {
    const rejected: (string | undefined)[] = [];
    const token = (old?: string) => {
      rejected.push(old);
      return Promise.resolve(old === undefined ? 'old' : 'new');
    };
    client = new Countersign({ url: api.url, token });
    api.problem(401, 'auth.token-expired');
    api.ok(approval);
    await client.get(ID);
    expect(rejected).toEqual([undefined, 'old']);
    expect(api.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer old',
      'Bearer new',
    ]);
    api.problem(401, 'auth.token-invalid');
    api.problem(401, 'auth.token-invalid');
    await expect(client.get(ID)).rejects.toMatchObject({ code: 'auth.token-invalid' });
    expect(api.received).toHaveLength(4);
  });

  it('are not the cure for a signature that is asked for', async () => {
    api.problem(401, 'approval.reauthentication-needed');
    const code = 'approval.reauthentication-needed';
    await expect(client.approve(shown, 'fine')).rejects.toMatchObject({ code });
    expect(api.received).toHaveLength(1);
  });
});

describe('reading what was written', () => {
  it('waits for the last write through the same client', async () => {
    api.ok(approval);
    await client.get(ID);
    expect(last().headers['countersign-after']).toBeUndefined();
    api.ok(decided);
    await client.approve(shown, 'fine');
    expect(last().headers['countersign-after']).toBeUndefined();
    api.ok(approval);
    await client.get(ID);
    expect(last().headers['countersign-after']).toBe('7');
  });

  it('asks about a workflow that was started a moment ago', async () => {
    client.position = '7';
    api.ok({ ...changed, subjectHash: HASH, quorum });
    const asked = { subject: {}, level: 'SINGLE', approvers: ['erin'], reason: 'why' } as const;
    await client.createRequest({ ...asked, approvers: ['erin'], workflowId: ID });
    expect(last().headers['countersign-after']).toBe('7');
  });

  it('waits for what another client wrote, if it is told', async () => {
    const other = new Countersign({ url: api.url, token: () => 'token' });
    api.ok(decided);
    await client.approve(shown, 'fine');
    other.position = client.position;
    api.ok(approval);
    await other.get(ID);
    expect(last().headers['countersign-after']).toBe('7');
  });
});
