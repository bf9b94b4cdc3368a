import { Clock } from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWTVerifyGetKey, SignJWT } from 'jose';
import { hkdfSync } from 'node:crypto';

import { DevIssuer } from './dev-issuer.js';
import { devDirectory } from '@countersign/service-kit';
import { OidcVerifier } from './oidc-verifier.js';
import { TokenVerifier } from './token-verifier.js';
import { VerifiedTokens } from './verified-tokens.js';

const BUS_KEY = '0123456789abcdef'.repeat(4);
const HOUR = 3_600_000;

class HandClock extends Clock {
  time = Date.parse('2026-11-24T09:00:00Z');
  override now(): Date {
    return new Date(this.time);
  }
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error as { code?: unknown }).code,
  );

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('development users', () => {
  it('are people in several roles, each able to approve trades', () => {
    expect(devDirectory.people.length).toBeGreaterThanOrEqual(8);
    expect(new Set(devDirectory.people.map(({ id }) => id)).size).toBe(devDirectory.people.length);
    expect(new Set(devDirectory.people.flatMap(({ roles }) => roles)).size).toBeGreaterThanOrEqual(
      6,
    );
    expect(devDirectory.people.every(({ groups }) => groups.includes('trade-approvers'))).toBe(
      true,
    );
  });
});

describe('DevIssuer', () => {
  const clock = new HandClock();
  const issuer = new DevIssuer(BUS_KEY, clock);
  const other = new DevIssuer('f'.repeat(64), clock);

  it('vouches for its users for eight hours', async () => {
    const { token, expiresAt } = await issuer.issue('erin');
    expect(expiresAt).toBe('2026-11-24T17:00:00.000Z');
    const { actor } = await issuer.verify(token);
    expect(actor).toEqual({
      id: 'erin',
      roles: ['compliance-officer'],
      groups: ['trade-approvers', 'compliance', 'workflow-admins'],
      authMethod: 'dev-token',
      authenticatedAt: '2026-11-24T09:00:00.000Z',
    });
    const later = new HandClock();
    later.time += 8 * HOUR - 1_000;
    await new DevIssuer(BUS_KEY, later).verify(token);
    later.time += 1_000;
    expect(await codeOf(new DevIssuer(BUS_KEY, later).verify(token))).toBe('auth.token-expired');
  });

  it('knows nobody else', async () => {
    expect(await codeOf(issuer.issue('mallory'))).toBe('dev.user-not-found');
    expect(await codeOf(issuer.issue('system:workflow'))).toBe('dev.user-not-found');
  });

  it('refuses what it did not sign', async () => {
    const { token } = await issuer.issue('alice');
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const forged = encode({ ...claims, sub: 'bob' });
    const none = encode({ alg: 'none', typ: 'JWT' });
    for (const bad of [
      (await other.issue('alice')).token,
      `${header}.${forged}.${signature}`,
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${payload}`,
      'garbage',
      '',
    ]) {
      expect(await codeOf(issuer.verify(bad))).toBe('auth.token-invalid');
    }
  });

  it('refuses what its own key signed for another purpose or identity', async () => {
    const secret = Buffer.from(BUS_KEY, 'hex');
    const key = new Uint8Array(hkdfSync('sha256', secret, '', 'countersign.dev-issuer.v1', 32));
    const now = Math.floor(clock.time / 1000);
    const token = (claims: { sub?: string; aud?: string; iss?: string; exp?: number }) =>
      new SignJWT({
        iss: 'urn:countersign:dev-issuer',
        aud: 'countersign',
        sub: 'alice',
        iat: now,
        exp: now + 60,
        ...claims,
      })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(key);
    expect(await codeOf(issuer.verify(await token({})))).toBe('accepted');
    const { sub: _, ...nobody } = { sub: '' };
    const without = await token({ ...nobody, sub: '' });
    for (const bad of [
      await token({ aud: 'another' }),
      await token({ iss: 'another' }),
      await token({ sub: 'system:workflow' }),
      without,
    ]) {
      expect(await codeOf(issuer.verify(bad))).toBe('auth.token-invalid');
    }
  });

  it('does not sign with the key of the bus itself', async () => {
    const now = Math.floor(clock.time / 1000);
    const token = await new SignJWT({ sub: 'alice', iat: now, exp: now + 60 })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('urn:countersign:dev-issuer')
      .setAudience('countersign')
      .sign(Buffer.from(BUS_KEY, 'hex'));
    expect(await codeOf(issuer.verify(token))).toBe('auth.token-invalid');
  });
});

describe('OidcVerifier', () => {
  const clock = new HandClock();
  const config = {
    issuer: 'https://id.example',
    audience: 'countersign',
    jwksUri: 'https://id.example/keys',
    rolesClaim: 'roles',
    groupsClaim: 'teams',
  };

  async function keyPair() {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
    const sign = (claims: object) =>
      new SignJWT({
        iss: config.issuer,
        aud: config.audience,
        sub: 'u-17',
        iat: Math.floor(clock.time / 1000),
        exp: Math.floor(clock.time / 1000) + 300,
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .sign(privateKey);
    return { keys: createLocalJWKSet({ keys: [jwk] }), sign };
  }

  it('takes the identity from the configured claims', async () => {
    const { keys, sign } = await keyPair();
    const verifier = new OidcVerifier(config, clock, keys);
    const token = await sign({ roles: ['trader'], teams: ['rates-desk'] });
    expect((await verifier.verify(token)).actor).toEqual({
      id: 'u-17',
      roles: ['trader'],
      groups: ['rates-desk'],
      authMethod: 'bearer',
    });
  });

  it.each([
    [1_795_509_000, '2026-11-24T08:30:00.000Z'],
    [undefined, undefined],
    ['yesterday', undefined],
    [1e300, undefined],
  ])('says when somebody signed in, if the token does: %s', async (auth_time, at) => {
    const { keys, sign } = await keyPair();
    const verifier = new OidcVerifier(config, clock, keys);
    const { actor } = await verifier.verify(await sign({ auth_time }));
    expect(actor.authenticatedAt).toBe(at);
  });

  it('refuses what is not meant for it', async () => {
    const { keys, sign } = await keyPair();
    const stranger = await keyPair();
    const verifier = new OidcVerifier(config, clock, keys);
    const hour = 3600;
    for (const [token, code] of [
      [await sign({ aud: 'another' }), 'auth.token-invalid'],
      [await sign({ iss: 'https://evil.example' }), 'auth.token-invalid'],
      [await sign({ roles: 'admin' }), 'auth.token-invalid'],
      [await sign({ sub: 'system:workflow' }), 'auth.token-invalid'],
      [await sign({ exp: Math.floor(clock.time / 1000) - hour }), 'auth.token-expired'],
      [await stranger.sign({}), 'auth.token-invalid'],
      [(await new DevIssuer(BUS_KEY, clock).issue('alice')).token, 'auth.token-invalid'],
    ] as const) {
      expect(await codeOf(verifier.verify(token))).toBe(code);
    }
  });

  it.each([
    'a\u0000b',
    'a\ud800',
    ' alice',
    'alice ',
    'alice\u00a0',
    'a\nb',
    'a\u0085b',
    'a\u2028b',
    'ali\u200bce',
    'a\u00adb',
    'heidi\ufe0f',
    'heidi\u3164',
    'role:head',
    'group:desk',
  ])('refuses the subject %j', async (sub) => {
    const { keys, sign } = await keyPair();
    const verifier = new OidcVerifier(config, clock, keys);
    expect(await codeOf(verifier.verify(await sign({ sub })))).toBe('auth.token-invalid');
    for (const team of ['a\u0000', 'legal ', 'legal\ufe0f']) {
      expect(await codeOf(verifier.verify(await sign({ teams: [team] })))).toBe(
        'auth.token-invalid',
      );
    }
    expect(await codeOf(verifier.verify(await sign({ sub: 'Zoë O’Neil \ud83d\ude00' })))).toBe(
      'accepted',
    );
  });

  it('does not call a token bad when the keys cannot be read', async () => {
    const { sign } = await keyPair();
    const away: JWTVerifyGetKey = () => Promise.reject(new TypeError('fetch failed'));
    const verifier = new OidcVerifier(config, clock, away);
    expect(await codeOf(verifier.verify(await sign({})))).toBe('auth.issuer-unreachable');
  });
});

describe('VerifiedTokens', () => {
  it('checks a token once, until it expires, and remembers no refusal', async () => {
    const clock = new HandClock();
    let checks = 0;
    class Counting extends TokenVerifier {
      override verify(token: string) {
        checks += 1;
        if (token === 'bad') return Promise.reject(new Error('bad'));
        const actor = { id: token, roles: [], groups: [], authMethod: 'test' };
        return Promise.resolve({ actor, expiresAt: clock.time + HOUR });
      }
    }
    const tokens = new VerifiedTokens(new Counting(), clock);
    expect(await tokens.actorOf('one')).toMatchObject({ id: 'one' });
    expect(tokens.actorOf('one')).toMatchObject({ id: 'one' });
    expect(checks).toBe(1);
    clock.time += HOUR;
    expect(tokens.actorOf('one')).toBeInstanceOf(Promise);
    expect(checks).toBe(2);
    await codeOf(Promise.resolve(tokens.actorOf('bad')));
    await codeOf(Promise.resolve(tokens.actorOf('bad')));
    expect(checks).toBe(4);
  });
});
