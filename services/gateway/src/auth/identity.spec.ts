import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { FakePlatform } from '../../test/fake-platform.js';
import { TestGateway } from '../../test/test-gateway.js';
import { devDirectory } from '@countersign/service-kit';

const started = {
  workflowId: '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11',
  status: 'ACTIVE',
  state: 'captured',
  position: '7',
};
const trade = { template: 'trade_approval', context: { tradeId: 'T-1' } };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
  gateway.fake.answer = () => started;
});
afterAll(() => gateway.stop());

const start = (ask: object = {}) =>
  gateway.ask('POST', '/api/v1/workflows', { as: 'alice', body: trade, ...ask });

describe('identity', () => {
  it('is offered to developers, without a token and with any key', async () => {
    const users = await gateway.ask('GET', '/api/v1/dev/users');
    expect(users.status).toBe(200);
    expect(users.body).toEqual({ items: devDirectory.people });
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

  it('does not start without an issuer, and says what to set', async () => {
    const fake = new FakePlatform(undefined, { NODE_ENV: 'production' });
    Object.assign(process.env, { OIDC_JWKS_URI: 'no secret address' });
    await expect(TestGateway.start(fake)).rejects.toThrow(
      'Configuration: with NODE_ENV=production people sign in at your identity provider: set ' +
        'OIDC_ISSUER (the URL that tokens have as iss; missing), ' +
        'OIDC_AUDIENCE (what tokens have as aud; missing), ' +
        "OIDC_JWKS_URI (the URL of the issuer's public keys; not valid)",
    );
  });
});
