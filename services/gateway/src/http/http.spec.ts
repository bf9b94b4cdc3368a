import { rule } from '@countersign/kernel';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { FakePlatform } from '../testing/fake-platform.js';
import { TestGateway } from '../testing/test-gateway.js';

const ID = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';
const started = { workflowId: ID, status: 'ACTIVE', state: 'captured', position: '7' };
const trade = { template: 'trade_approval', context: { tradeId: 'T-1' } };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway.stop());
afterEach(() => {
  gateway.fake.sent.length = 0;
  gateway.fake.answer = () => started;
});

const start = (ask: object = {}) =>
  gateway.ask('POST', '/api/v1/workflows', { as: 'alice', body: trade, ...ask });

describe('identity', () => {
  it('is offered to developers, without a token and with any key', async () => {
    const users = await gateway.ask('GET', '/api/v1/dev/users');
    expect(users.status).toBe(200);
    expect(users.body.items[0]).toEqual({
      id: 'alice',
      name: expect.any(String),
      roles: ['trader'],
      groups: expect.arrayContaining(['trade-approvers']),
    });
    const { status, body } = await gateway.ask('POST', '/api/v1/dev/token', {
      body: { user: 'bob' },
      headers: { 'idempotency-key': 'k' },
    });
    expect([status, typeof body.token]).toEqual([200, 'string']);
  });

  it('is not offered to strangers', async () => {
    const { status, body } = await gateway.ask('POST', '/api/v1/dev/token', {
      body: { user: 'mallory' },
    });
    expect([status, body.code]).toEqual([404, 'dev.user-not-found']);
  });

  it.each([
    ['/api/v1/workflows', undefined, 'auth.token-missing'],
    ['/api/v1/workflows', 'Bearer garbage', 'auth.token-invalid'],
    ['/api/v1/workflows', 'Basic YWxpY2U6', 'auth.token-invalid'],
    ['/api/v1/workflows', 'Bearer', 'auth.token-invalid'],
    ['/api/v1/approvals', undefined, 'auth.token-missing'],
    ['/api/v1/templates', undefined, 'auth.token-missing'],
    ['/api/v1/incidents', undefined, 'auth.token-missing'],
    ['/api/v1/events', undefined, 'auth.token-missing'],
  ])('is needed for %s (%s)', async (url, authorization, code) => {
    const headers = authorization === undefined ? {} : { authorization };
    const reply = await gateway.ask('GET', url, { headers });
    expect([reply.status, reply.body.code]).toEqual([401, code]);
    expect(reply.headers['www-authenticate']).toContain('Bearer');
    expect(reply.headers['content-type']).toContain('application/problem+json');
  });

  it('never comes from the body', async () => {
    const { status } = await start({ body: { ...trade, actor: 'bob' } });
    expect(status).toBe(400);
    await start();
    expect(gateway.fake.sent.map(({ context }) => context.actor.id)).toEqual(['alice']);
  });
});

describe('production', () => {
  const oidc = {
    OIDC_ISSUER: 'https://id.example',
    OIDC_AUDIENCE: 'countersign',
    OIDC_JWKS_URI: 'https://id.invalid/keys',
  };
  afterEach(() => {
    for (const name of Object.keys(oidc)) Reflect.deleteProperty(process.env, name);
  });

  it('has no development issuer and believes none of its tokens', async () => {
    const token = await gateway.token('alice');
    Object.assign(process.env, oidc);
    const production = await TestGateway.start(
      new FakePlatform(undefined, { NODE_ENV: 'production' }),
    );
    try {
      const users = await production.ask('GET', '/api/v1/dev/users');
      expect([users.status, users.body.code]).toEqual([403, 'dev.not-available']);
      const issued = await production.ask('POST', '/api/v1/dev/token', { body: { user: 'alice' } });
      expect([issued.status, issued.body.token]).toEqual([403, undefined]);
      const used = await production.ask('GET', '/api/v1/workflows', {
        headers: { authorization: `Bearer ${token}` },
      });
      expect([used.status, used.body.code]).toEqual([401, 'auth.token-invalid']);
    } finally {
      await production.stop();
    }
  });

  it('does not start without an issuer', async () => {
    const fake = new FakePlatform(undefined, { NODE_ENV: 'production' });
    await expect(TestGateway.start(fake)).rejects.toThrow(/OIDC_ISSUER.*OIDC_AUDIENCE/);
  });
});

describe('commands', () => {
  it('start workflows', async () => {
    const { status, body, headers } = await start();
    expect([status, body]).toEqual([201, started]);
    expect(headers.location).toBe(`/api/v1/workflows/${ID}`);
    const [{ subject, body: sent, context } = fail()] = gateway.fake.sent;
    expect([subject, sent]).toEqual(['cmd.workflow.start', trade]);
    expect(context).toMatchObject({
      correlationId: context.commandId,
      causationId: context.commandId,
      actor: { id: 'alice', roles: ['trader'], authMethod: 'dev-token' },
    });
  });

  it.each([
    ['activate', undefined, 201, 'cmd.workflow.activate', {}],
    ['activate', {}, 201, 'cmd.workflow.activate', {}],
    ['transitions', { event: 'go' }, 202, 'cmd.workflow.transition', { event: 'go' }],
    ['pause', { reason: ' why ' }, 202, 'cmd.workflow.pause', { reason: 'why' }],
    ['resume', { reason: 'why' }, 202, 'cmd.workflow.resume', { reason: 'why' }],
    ['cancel', { reason: 'why' }, 202, 'cmd.workflow.cancel', { reason: 'why' }],
  ])('%s workflows', async (name, body, status, subject, rest) => {
    const url = `/api/v1/workflows/${ID.toUpperCase()}/${name}`;
    const reply = await gateway.ask('POST', url, { as: 'bob', ...(body ? { body } : {}) });
    expect([reply.status, reply.body]).toEqual([status, started]);
    expect(gateway.fake.sent).toMatchObject([{ subject, body: { workflowId: ID, ...rest } }]);
  });

  it('decide approvals', async () => {
    const vote = { action: 'approve', reason: 'fine', subjectHash: 'a'.repeat(64) };
    const url = `/api/v1/approvals/${ID}/decisions`;
    const reply = await gateway.ask('POST', url, { as: 'erin', body: vote });
    expect(reply.status).toBe(202);
    expect(gateway.fake.sent).toMatchObject([
      { subject: 'cmd.approval.decide', body: { approvalId: ID, ...vote } },
    ]);
  });

  it('take an empty body that is announced as JSON', async () => {
    const url = `/api/v1/workflows/${ID}/activate`;
    const headers = { 'content-type': 'application/json' };
    expect((await gateway.ask('POST', url, { as: 'bob', headers })).status).toBe(201);
  });

  it('are the same command under the same key, and another under another', async () => {
    const headers = (key: string) => ({ headers: { 'idempotency-key': key } });
    await start(headers('one'));
    await start(headers('one'));
    await start(headers('two'));
    await start({ ...headers('one'), as: 'bob' });
    await start();
    const [first, again, ...others] = gateway.fake.sent.map(({ context }) => context.commandId);
    expect(again).toBe(first);
    expect(new Set([first, ...others]).size).toBe(4);
    expect((await start(headers('a b'))).body.code).toBe('idempotency.bad-key');
  });

  it('pass on what the service says', async () => {
    gateway.fake.answer = () => {
      throw rule('idempotency.key-reused', 'used before', { details: { hint: 1 } });
    };
    const { status, body } = await start();
    expect(status).toBe(422);
    expect(body).toEqual({
      type: 'urn:countersign:problem:idempotency.key-reused',
      title: 'Unprocessable Entity',
      status: 422,
      code: 'idempotency.key-reused',
      detail: 'used before',
      hint: 1,
    });
  });

  it('tell nothing of a fault, and log it', async () => {
    gateway.fake.answer = () => {
      throw new Error('secret');
    };
    const { status, body } = await start();
    expect([status, body.code]).toEqual([500, 'internal.error']);
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(gateway.fake.logged.at(-1)).toMatchObject({
      error: { message: 'secret' },
      route: '/api/v1/workflows',
    });
  });
});

describe('bad requests', () => {
  const deep = `{"template":"t","context":{"a":${'['.repeat(40_000)}${']'.repeat(40_000)}}}`;
  const large = JSON.stringify({ ...trade, context: { text: 'x'.repeat(1024 * 1024) } });
  const context = (text: string) => `{"template":"t","context":{"a":[{"b":${text}}]}}`;

  it.each<[string, object, number, string]>([
    ['no body', { body: undefined }, 400, 'request.invalid'],
    ['no JSON', { body: '{"template":' }, 400, 'request.malformed'],
    ['JSON that is no object', { body: '[]' }, 400, 'request.invalid'],
    ['null', { body: 'null' }, 400, 'request.invalid'],
    ['an unknown member', { body: { ...trade, more: 1 } }, 400, 'request.invalid'],
    ['a prototype', { body: '{"__proto__":{"a":1}}' }, 400, 'request.malformed'],
    ['a NUL', { body: context('"x\\u0000"') }, 400, 'request.unstorable-text'],
    ['half a character', { body: context('"\\ud800"') }, 400, 'request.unstorable-text'],
    ['bytes that are no text', { body: Buffer.from([0x22, 0xff, 0x22]) }, 400, 'request.malformed'],
    ['a number without end', { body: context('1e999') }, 400, 'request.invalid'],
    ['depth', { body: deep }, 400, 'request.too-deep'],
    ['too much', { body: large }, 413, 'request.too-large'],
    [
      'a form',
      { body: 'template=t', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      400,
      'request.unsupported-media-type',
    ],
  ])('%s is refused', async (_name, ask, status, code) => {
    const reply = await start(ask);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
    expect(reply.headers['content-type']).toContain('application/problem+json');
    expect(gateway.fake.sent).toEqual([]);
  });

  it('name the place', async () => {
    const unstorable = await start({ body: context('"x\\u0000"') });
    expect(unstorable.body.place).toBe('/context/a/0/b');
    const wrong = await start({ body: { ...trade, businessKey: 7 } });
    expect(wrong.body.problems).toEqual([{ at: '/businessKey', problem: expect.any(String) }]);
  });

  it('take whole characters outside the basic plane', async () => {
    expect((await start({ body: context('"\\ud83d\\ude00"') })).status).toBe(201);
  });

  it.each([
    ['GET', '/api/v1/workflows/7', 404, 'workflow.not-found'],
    ['GET', '/api/v1/workflows/%00', 404, 'workflow.not-found'],
    ['GET', '/api/v1/workflows/7/transitions', 404, 'workflow.not-found'],
    ['POST', '/api/v1/workflows/7/pause', 404, 'workflow.not-found'],
    ['GET', '/api/v1/approvals/x', 404, 'approval.not-found'],
    ['POST', '/api/v1/approvals/x/decisions', 404, 'approval.not-found'],
    ['GET', '/api/v1/templates/No%20Such', 404, 'template.not-found'],
    ['GET', '/api/v1/nothing', 404, 'http.route-not-found'],
    ['GET', '/', 404, 'http.route-not-found'],
    ['PUT', '/api/v1/workflows', 404, 'http.route-not-found'],
    ['GET', '/api/v1/workflows/%zz', 400, 'request.malformed'],
    ['GET', `/api/v1/workflows/${'x'.repeat(300)}`, 400, 'request.url-too-long'],
    ['GET', '/api/v1/workflows?colour=red', 400, 'query.invalid'],
    ['GET', '/api/v1/workflows?cursor=x', 400, 'query.bad-cursor'],
    ['GET', `/api/v1/workflows/${ID}?colour=red`, 400, 'query.invalid'],
    ['GET', '/api/v1/approvals?approver=bob', 403, 'approval.not-your-list'],
  ] as const)('%s %s', async (method, url, status, code) => {
    const reply = await gateway.ask(method, url, { as: 'alice' });
    expect([reply.status, reply.body.code]).toEqual([status, code]);
    expect(reply.headers).toMatchObject({
      'content-type': expect.stringContaining('application/problem+json'),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
  });
});

describe('queries', () => {
  it('wait for the position asked for, and give up', async () => {
    const headers = { 'countersign-after': '12x' };
    for (const url of ['/workflows', '/approvals', '/templates', '/incidents', '/events']) {
      const reply = await gateway.ask('GET', `/api/v1${url}`, { as: 'alice', headers });
      expect([url, reply.status, reply.body.code]).toEqual([url, 400, 'query.bad-position']);
    }
  });

  it('say that the read tables are away', async () => {
    const pool = {
      query: () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })),
    };
    const other = await TestGateway.start(new FakePlatform(pool as never));
    try {
      const reply = await other.ask('GET', `/api/v1/workflows/${ID}`, { as: 'alice' });
      expect([reply.status, reply.body.code]).toEqual([503, 'read-model.unavailable']);
      expect(reply.headers['retry-after']).toBe('1');
    } finally {
      await other.stop();
    }
  });
});

describe('health', () => {
  it('is live at once, and ready when all services say so', async () => {
    expect((await gateway.ask('GET', '/health/live')).status).toBe(200);
    const ready = await gateway.ask('GET', '/health/ready');
    expect([ready.status, ready.body.code]).toEqual([503, 'health.not-ready']);
    expect(ready.body.waiting).toEqual([
      expect.stringMatching(/^workflow: /),
      expect.stringMatching(/^approval: /),
      expect.stringMatching(/^template: /),
      expect.stringMatching(/^projector: /),
    ]);
  });
});

function fail(): never {
  throw new Error('nothing was sent');
}
