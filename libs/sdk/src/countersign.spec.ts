import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { approval, changed, decided, DECISION, HASH, ID, quorum, shown } from '../test/answers.js';
import { ApiServer, type Received } from '../test/api-server.js';
import { Countersign, CountersignError } from './index.js';

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
