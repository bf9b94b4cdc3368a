import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { FakePlatform } from '../../test/fake-platform.js';
import { TestGateway } from '../../test/test-gateway.js';

const ID = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';
const started = { workflowId: ID, status: 'ACTIVE', state: 'captured', position: '7' };
const trade = { template: 'trade_approval', context: { tradeId: 'T-1' } };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.fake.sent.length = 0;
  gateway.fake.answer = () => started;
});

const start = (ask: object = {}) =>
  gateway.ask('POST', '/api/v1/workflows', { as: 'alice', body: trade, ...ask });

describe('bad requests', () => {
  const wide = JSON.stringify({ context: Array.from({ length: 6_000 }, () => 0) });
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
    ['a number without end', { body: context('1e999') }, 400, 'request.inexact-number'],
    ['a number beyond 2^53', { body: context('9007199254740993') }, 400, 'request.inexact-number'],
    ['a member twice', { body: context('{"c":1,"c":1}') }, 400, 'request.doubled-member'],
    ['depth', { body: deep }, 400, 'request.too-deep'],
    ['many values', { body: wide }, 400, 'request.too-many-values'],
    ['too much', { body: large }, 413, 'request.too-large'],
    [
      'a form',
      { body: 'template=t', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'request.unsupported-media-type',
    ],
  ])('%s is refused', async (_name, ask, status, code) => {
    const reply = await start(ask);
    expect([reply.status, reply.body.code]).toEqual([status, code]);
    expect(reply.headers['content-type']).toContain('application/problem+json');
    expect(gateway.fake.sent).toEqual([]);
  });

  it.each(['x', '', 'P1Y', '-PT1H', 'P9999999D', 'P31D', 'P'])(
    'a signal is not kept for %j',
    async (ttl) => {
      const body = { name: 'go', ttl };
      const url = `/api/v1/workflows/${ID}/signals`;
      const reply = await gateway.ask('POST', url, { as: 'alice', body });
      expect([reply.status, reply.body.code]).toEqual([400, 'request.invalid']);
      expect(reply.body.problems).toEqual([{ at: '/ttl', problem: expect.any(String) }]);
    },
  );

  it.each([
    ['{"template":', 1, 13],
    ['{\n  "template": "t",\n  "context": {"a" 1}\n}', 3, 19],
    ['{"template": nothing}', 1, 14],
    ['{"template": "t",}', 1, 18],
    ['{} {}', 1, 4],
  ])('%j is refused with line and column', async (body, line, column) => {
    const reply = await start({ body });
    expect(reply.body).toMatchObject({ code: 'request.malformed', line, column });
    expect(reply.body.detail).toContain(`line ${line}, column ${column}: `);
  });

  it('are refused when they are too deep to find out where they are no JSON', async () => {
    const reply = await start({ body: '['.repeat(500_000) });
    expect([reply.status, reply.body.code]).toEqual([400, 'request.malformed']);
  });

  it('name the place', async () => {
    const unstorable = await start({ body: context('"x\\u0000"') });
    expect(unstorable.body.place).toBe('/context/a/0/b');
    const doubled = await start({ body: context('{"c/d":1,"e":"a\\\\","c\\u002fd":2}') });
    expect(doubled.body).toMatchObject({ place: '/context/a/0/b/c~1d', line: 1 });
    const inexact = await start({ body: context('[0,\n 12345678901234567.1]') });
    expect(inexact.body).toMatchObject({ place: '/context/a/0/b/1', line: 2, column: 2 });
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
    ['PUT', '/api/v1/nothing', 404, 'http.route-not-found'],
    ['PUT', '/api/v1/workflows//pause', 404, 'http.route-not-found'],
    ['GET', '/api/v1/workflows/%zz', 400, 'request.malformed'],
    ['GET', `/api/v1/workflows/${'x'.repeat(300)}`, 400, 'request.url-too-long'],
    ['GET', '/api/v1/workflows?colour=red', 400, 'query.invalid'],
    ['GET', '/api/v1/workflows?context.%00=1', 400, 'query.invalid'],
    ['GET', '/api/v1/workflows?context.__proto__=x', 400, 'query.invalid'],
    ['GET', '/api/v1/workflows?context.=x', 400, 'query.invalid'],
    ['GET', '/api/v1/workflows?__proto__=x', 400, 'query.invalid'],
    ['GET', '/api/v1/workflows?cursor=x', 400, 'query.bad-cursor'],
    ['GET', `/api/v1/workflows/${ID}?colour=red`, 400, 'query.invalid'],
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

describe('methods', () => {
  it.each([
    ['PUT', '/api/v1/workflows', 'GET, HEAD, POST'],
    ['DELETE', '/api/v1/workflows?limit=1', 'GET, HEAD, POST'],
    ['PATCH', `/api/v1/workflows/${ID}`, 'GET, HEAD'],
    ['OPTIONS', `/api/v1/workflows/${ID}/pause`, 'POST'],
    ['GET', '/api/v1/dev/token', 'POST'],
  ] as const)('%s %s names those that there are', async (method, url, allow) => {
    const reply = await gateway.ask(method, url, { as: 'alice' });
    expect([reply.status, reply.body.code]).toEqual([405, 'http.method-not-allowed']);
    expect(reply.headers.allow).toBe(allow);
    expect(reply.headers['content-type']).toContain('application/problem+json');
    expect(reply.body.allow).toEqual(allow.split(', '));
  });
});

describe('encodings', () => {
  const json = 'application/json';
  it.each<[string, Record<string, string>]>([
    ['gzip', { 'content-encoding': 'gzip' }],
    ['two of them', { 'content-encoding': 'identity, br' }],
    ['latin1', { 'content-type': `${json}; charset=iso-8859-1` }],
    ['utf-16', { 'content-type': `${json};charset="UTF-16"` }],
  ])('%s is refused', async (_name, headers) => {
    const reply = await start({ headers });
    expect([reply.status, reply.body.code]).toEqual([415, 'request.unsupported-encoding']);
    expect(gateway.fake.sent).toEqual([]);
  });

  it.each<Record<string, string>>([
    { 'content-encoding': 'identity' },
    { 'content-type': `${json}; charset=utf-8` },
    { 'content-type': `${json}; charset="UTF8"` },
    { 'content-type': `${json}; profile=x` },
  ])('%j is none', async (headers) => {
    expect((await start({ headers })).status).toBe(201);
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
      on: () => pool,
    };
    const other = await TestGateway.start(new FakePlatform(pool));
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
