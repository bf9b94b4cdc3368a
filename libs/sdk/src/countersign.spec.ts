import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ApiServer, type Received } from '../test/api-server.js';
import { Countersign, CountersignError } from './index.js';

const ID = '6f1c1b1e-51ab-4a10-9d2f-0c9c3c0f5a10';
const DECISION = '0d4a1a9c-7c1e-4c55-8f2e-1d3a5b7c9e21';
const HASH = 'a'.repeat(64);
const shown = { approvalId: ID, subjectHash: HASH };
const quorum = { required: 2, given: 1, met: false };
const changed = { approvalId: ID, status: 'IN_PROGRESS', position: '7' };
const decided = { ...changed, decisionId: DECISION, approvals: 1, required: 2, quorum };
const approval = {
  approvalId: ID,
  status: 'PENDING',
  requester: 'alice',
  subject: { limit: 5 },
  subjectHash: HASH,
  quorum,
  somethingNew: true,
};

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

describe('what is sent', () => {
  const delegation = {
    delegationId: ID,
    from: 'erin',
    to: 'frank',
    start: '2026-11-24T00:00:00.000Z',
    end: '2026-11-25T00:00:00.000Z',
    scope: null,
    outOfOffice: false,
    reason: 'away',
    createdBy: 'erin',
    status: 'ACTIVE',
    endedBy: null,
  };
  const request = {
    subject: { limit: 5 },
    level: 'DUAL' as const,
    approvers: ['group:risk'],
    reason: 'more business',
  };
  const escalation = { approvers: ['carol'], reason: 'urgent' };
  const bulk = { action: 'approve' as const, reason: 'reviewed', confirmation: 'approve 1' };
  const job = {
    jobId: ID,
    requester: 'erin',
    action: 'approve',
    status: 'RUNNING',
    count: 1,
    results: { decided: 0, refused: 0, pending: 1 },
  };
  const end = delegation.end;
  const directory = { people: [{ id: 'erin', name: 'Erin', roles: [], groups: [] }] };

  it.each<[string, () => Promise<unknown>, unknown, string, unknown]>([
    [
      'createRequest',
      () => client.createRequest(request),
      { ...changed, subjectHash: HASH, quorum },
      'POST /api/v1/approvals',
      request,
    ],
    [
      'approve',
      () => client.approve(shown, 'fine'),
      decided,
      `POST /api/v1/approvals/${ID}/decisions`,
      { action: 'approve', reason: 'fine', subjectHash: HASH },
    ],
    [
      'reject',
      () => client.reject(shown, 'no', { onBehalfOf: 'erin' }),
      decided,
      `POST /api/v1/approvals/${ID}/decisions`,
      { action: 'reject', reason: 'no', subjectHash: HASH, onBehalfOf: 'erin' },
    ],
    [
      'abstain',
      () => client.abstain(shown, 'conflict of interest'),
      decided,
      `POST /api/v1/approvals/${ID}/decisions`,
      { action: 'abstain', reason: 'conflict of interest', subjectHash: HASH },
    ],
    [
      'escalate',
      () => client.escalate(ID, escalation),
      { ...changed, approvers: ['carol'] },
      `POST /api/v1/approvals/${ID}/escalations`,
      escalation,
    ],
    [
      'withdraw',
      () => client.withdraw(ID, 'not needed'),
      changed,
      `POST /api/v1/approvals/${ID}/withdrawals`,
      { reason: 'not needed' },
    ],
    [
      'revoke',
      () => client.revoke(ID, 'second thoughts', { decisionId: DECISION }),
      { ...changed, decisionId: DECISION, quorum },
      `POST /api/v1/approvals/${ID}/revocations`,
      { reason: 'second thoughts', decisionId: DECISION },
    ],
    [
      'comment',
      () => client.comment(ID, { text: 'why now?', kind: 'question' }),
      { ...changed, commentId: ID },
      `POST /api/v1/approvals/${ID}/comments`,
      { text: 'why now?', kind: 'question' },
    ],
    [
      'changeSubject',
      () => client.changeSubject(ID, { limit: 6 }, { reason: 'typing mistake' }),
      { ...changed, subjectHash: HASH, material: true, changed: ['/limit'], voided: [] },
      `POST /api/v1/approvals/${ID}/subject`,
      { subject: { limit: 6 }, reason: 'typing mistake' },
    ],
    [
      'claim',
      () => client.claim(ID),
      { ...changed, claimedBy: 'erin' },
      `POST /api/v1/approvals/${ID}/claims`,
      {},
    ],
    ['release', () => client.release(ID), changed, `POST /api/v1/approvals/${ID}/releases`, {}],
    [
      'override',
      () => client.override(shown, 'nobody is there'),
      changed,
      `POST /api/v1/approvals/${ID}/overrides`,
      { reason: 'nobody is there', subjectHash: HASH },
    ],
    [
      'closeReview',
      () => client.closeReview(ID, { verdict: 'justified', reason: 'seen' }),
      changed,
      `POST /api/v1/approvals/${ID}/reviews`,
      { verdict: 'justified', reason: 'seen' },
    ],
    [
      'bulkDecide',
      () => client.bulkDecide({ ...bulk, shown: [approval], onBehalfOf: 'frank' }),
      { jobId: ID, items: 1, position: '7' },
      'POST /api/v1/approvals/bulk-decisions',
      { ...bulk, items: [shown], onBehalfOf: 'frank' },
    ],
    [
      'getBulkDecision',
      () => client.getBulkDecision(ID),
      { ...job, items: [{ approvalId: ID, result: 'pending', code: null, message: null }] },
      `GET /api/v1/approvals/bulk-decisions/${ID}`,
      undefined,
    ],
    [
      'getBulkDecisions',
      () => client.getBulkDecisions({ status: 'RUNNING', limit: 5 }),
      { items: [job], nextCursor: null },
      'GET /api/v1/approvals/bulk-decisions?status=RUNNING&limit=5',
      undefined,
    ],
    ['get', () => client.get(ID), approval, `GET /api/v1/approvals/${ID}`, undefined],
    [
      'delegate',
      () => client.delegate({ to: 'frank', end, reason: 'away' }),
      { ...delegation, position: '7' },
      'POST /api/v1/delegations',
      { to: 'frank', end, reason: 'away' },
    ],
    [
      'getDelegations',
      () => client.getDelegations({ person: 'erin', status: 'ACTIVE' }),
      { items: [delegation] },
      'GET /api/v1/delegations?person=erin&status=ACTIVE',
      undefined,
    ],
    [
      'endDelegation',
      () => client.endDelegation(ID, { reason: 'back' }),
      { delegationId: ID, position: '7' },
      `DELETE /api/v1/delegations/${ID}?reason=back`,
      undefined,
    ],
    [
      'getDirectory',
      () => client.getDirectory(),
      { ...directory, revision: 3 },
      'GET /api/v1/directory',
      undefined,
    ],
    [
      'replaceDirectory',
      () => client.replaceDirectory({ ...directory, revision: 3 }),
      { revision: 4, changed: 1, removed: 0, position: '7' },
      'PUT /api/v1/directory',
      directory,
    ],
    [
      'getReport',
      () => client.getReport({ from: '2026-11-01' }),
      {},
      'GET /api/v1/reports/approvals?from=2026-11-01',
      undefined,
    ],
  ])('%s', async (_, act, reply, line, body) => {
    api.ok(reply);
    await act();
    const { method, path, headers, body: sent } = last();
    expect(`${method} ${path}`).toBe(line);
    expect(sent).toEqual(body);
    expect(headers.authorization).toBe('Bearer token');
    expect(headers['idempotency-key'] === undefined).toBe(method === 'GET');
    expect(headers['if-match']).toBe(method === 'PUT' ? '"3"' : undefined);
  });

  it('goes below an address with a path', async () => {
    client = new Countersign({ url: `${api.url}/tools/countersign/`, token: () => 'token' });
    api.ok(approval);
    await client.get(ID);
    expect(last().path).toBe(`/tools/countersign/api/v1/approvals/${ID}`);
  });
});

describe('what is answered', () => {
  it('is checked, and keeps what a newer server says besides', async () => {
    api.ok(approval);
    expect(await client.get(ID)).toEqual(approval);
    api.ok({ ...approval, subjectHash: undefined });
    await expect(client.get(ID)).rejects.toMatchObject({
      code: 'sdk.unexpected-reply',
      message: expect.stringMatching(/^sdk.unexpected-reply: GET [^{]+ at subjectHash$/),
    });
  });

  it('is the quorum of the open stage', async () => {
    api.ok(approval);
    expect(await client.checkQuorum(ID)).toEqual(quorum);
    expect(last().path).toBe(`/api/v1/approvals/${ID}`);
  });

  it('is as many pages as there are, up to the limit', async () => {
    api.ok({ items: [approval, approval], nextCursor: 'next' });
    api.ok({ items: [approval], nextCursor: null });
    expect(await client.getPendingApprovals()).toHaveLength(3);
    expect(api.received.map(({ path }) => path)).toEqual([
      '/api/v1/approvals?status=pending&approver=me&limit=200',
      '/api/v1/approvals?status=pending&approver=me&cursor=next&limit=200',
    ]);
    api.ok({ items: [approval], nextCursor: 'next' });
    const query = { approver: 'any', workflowId: ID, limit: 1 };
    expect(await client.getPendingApprovals(query)).toHaveLength(1);
    expect(last().path).toBe(`/api/v1/approvals?status=pending&workflowId=${ID}&limit=1`);
  });

  it('is an error with the code of the problem document', async () => {
    api.problem(422, 'approval.self-approval');
    const error: unknown = await client.approve(shown, 'fine').catch((error: unknown) => error);
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({
      code: 'approval.self-approval',
      message: 'approval.self-approval: because',
      status: 422,
      details: { extra: 1 },
    });
    expect(api.received).toHaveLength(1);
  });

  it('is an error when something else speaks', async () => {
    api.answers.push({ status: 404, headers: { 'content-type': 'text/html' } });
    await expect(client.get(ID)).rejects.toMatchObject({
      code: 'sdk.unexpected-reply',
      status: 404,
    });
  });
});

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
