import { rule, unauthenticated } from '@countersign/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { TestGateway } from '../../test/test-gateway.js';

const ID = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';
const HASH = 'a'.repeat(64);
const changed = { approvalId: ID, status: 'IN_PROGRESS', position: '8' };
const quorum = { required: 2, given: 1, met: false };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.fake.sent.length = 0;
});

const post = (path: string, body?: object) =>
  gateway.ask('POST', `/api/v1/approvals${path}`, { as: 'erin', ...(body ? { body } : {}) });

describe('what people do with an approval', () => {
  const vote = { action: 'abstain', reason: 'fine', subjectHash: HASH, onBehalfOf: 'dave' };
  const decided = { decisionId: ID, approvals: 1, required: 2, quorum };
  const edited = { subjectHash: HASH, material: true, changed: ['/a'], voided: [ID] };
  it.each([
    ['decisions', 'decide', vote, decided],
    ['escalations', 'escalate', { approvers: ['x'], reason: 'slow' }, { approvers: ['x'] }],
    ['escalations', 'escalate', { reason: 'slow' }, { approvers: ['role:head'] }],
    ['withdrawals', 'withdraw', { reason: 'wrong' }, {}],
    ['revocations', 'revoke', { reason: 'a slip' }, { decisionId: ID, quorum }],
    ['comments', 'comment', { text: 'why?', kind: 'question' }, { commentId: ID }],
    ['subject', 'change-subject', { subject: { a: 2 } }, edited],
    ['claims', 'claim', undefined, { claimedBy: 'erin' }],
    ['releases', 'release', {}, {}],
    ['overrides', 'override', { reason: 'the market closes', subjectHash: HASH }, {}],
    ['reviews', 'close-review', { verdict: 'justified', reason: 'it was' }, {}],
  ])('%s: 202 by way of %s', async (name, command, body, answer) => {
    gateway.fake.answer = () => ({ ...changed, ...answer });
    const reply = await post(`/${ID.toUpperCase()}/${name}`, body);
    expect([reply.status, reply.body]).toEqual([202, { ...changed, ...answer }]);
    expect(gateway.fake.sent).toMatchObject([
      { subject: `cmd.approval.${command}`, body: { approvalId: ID, ...body } },
    ]);
  });

  it.each([
    ['decisions', { ...vote, subjectHash: 'A'.repeat(64) }],
    ['decisions', { ...vote, approver: 'dave' }],
    ['escalations', { approvers: ['group:'], reason: 'slow' }],
    ['comments', { text: 'x'.repeat(4_001) }],
    ['comments', { text: '  ' }],
    ['subject', { subject: { a: 'x'.repeat(64 * 1024) } }],
    ['claims', { claimedBy: 'dave' }],
    ['overrides', { reason: 'the market closes' }],
    ['reviews', { verdict: 'fine', reason: 'it was' }],
  ])('%s: 400 for what is malformed or too large', async (name, body) => {
    const reply = await post(`/${ID}/${name}`, body);
    expect([reply.status, reply.body.code]).toEqual([400, 'request.invalid']);
    expect((await post(`/nothing/${name}`, body)).body.code).toBe('approval.not-found');
    expect(gateway.fake.sent).toEqual([]);
  });

  it('is refused with the code of the service, and what a signature takes', async () => {
    gateway.fake.answer = () => {
      throw rule('approval.stale-subject', 'look again', { details: { subjectHash: HASH } });
    };
    const stale = await post(`/${ID}/decisions`, vote);
    expect([stale.status, stale.body.code]).toEqual([422, 'approval.stale-subject']);
    gateway.fake.answer = () => {
      throw unauthenticated('approval.reauthentication-needed', 'sign in again', {
        details: { maxAgeSeconds: 300 },
      });
    };
    const old = await post(`/${ID}/decisions`, vote);
    expect(old).toMatchObject({ status: 401, body: { maxAgeSeconds: 300 } });
  });
});

describe('a request by a person', () => {
  const wanted = { subject: { a: 1 }, level: 'DUAL', approvers: ['bob'], reason: 'please' };

  it('is 201, with where it is', async () => {
    gateway.fake.answer = () => ({ ...changed, status: 'PENDING', subjectHash: HASH, quorum });
    const { status, headers } = await post('', wanted);
    expect([status, headers.location]).toEqual([201, `/api/v1/approvals/${ID}`]);
    expect(gateway.fake.sent).toMatchObject([{ subject: 'cmd.approval.request', body: wanted }]);
  });

  it.each([
    { ...wanted, level: undefined },
    { ...wanted, policy: { level: 'SINGLE', approvers: ['bob'] } },
    { ...wanted, subject: [] },
    { ...wanted, subject: { a: 'x'.repeat(64 * 1024) } },
    { ...wanted, approvers: ['two words'] },
    { ...wanted, reason: '' },
    { ...wanted, requester: 'bob' },
  ])('is 400 when malformed or too large', async (body) => {
    expect((await post('', body)).body.code).toBe('request.invalid');
    expect(gateway.fake.sent).toEqual([]);
  });
});

describe('the explanation of an approval', () => {
  it('is asked of the service, and its refusals are passed on', async () => {
    const why = {
      ...{ approvalId: ID, status: 'PENDING', summary: '1 of 2', quorum, stages: [] },
      ...{ waitingOn: [], barred: [], deadlines: [], frozen: false, claimedBy: null },
      you: {
        person: 'erin',
        mayDecide: true,
        qualifiedBy: 'x',
        onBehalfOf: [],
        mayOverride: false,
        mayReview: false,
        code: null,
        reason: null,
      },
      ...{ openQuestions: [], incidents: [], decidedBy: null, policy: 'two', directoryRevision: 3 },
    };
    gateway.fake.answer = () => why;
    const reply = await gateway.ask('GET', `/api/v1/approvals/${ID}/why`, { as: 'erin' });
    expect([reply.status, reply.body]).toEqual([200, why]);
    expect(gateway.fake.sent).toMatchObject([
      {
        subject: 'cmd.approval.explain',
        body: { approvalId: ID },
        context: { actor: { id: 'erin' } },
      },
    ]);
    const unknown = await gateway.ask('GET', '/api/v1/approvals/nothing/why', { as: 'erin' });
    expect(unknown.body.code).toBe('approval.not-found');
  });
});

describe('many decisions', () => {
  const wanted = {
    ...{ action: 'approve', reason: 'all fine', confirmation: 'approve 1' },
    items: [{ approvalId: ID, subjectHash: HASH }],
  };

  it('are a job', async () => {
    gateway.fake.answer = () => ({ jobId: ID, items: 1, position: '8' });
    expect((await post('/bulk-decisions', wanted)).status).toBe(202);
    const subject = 'cmd.approval.start-bulk-decision';
    expect(gateway.fake.sent).toMatchObject([{ subject, body: wanted }]);
    const none = { ...wanted, items: [] };
    expect((await post('/bulk-decisions', none)).body.code).toBe('request.invalid');
  });
});
