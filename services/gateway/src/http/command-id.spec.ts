import { describe, expect, it } from '@jest/globals';

import { commandIdOf } from './command-gate.js';

const actor = (id: string) => ({ id, roles: [], groups: [], authMethod: 'test' });
const A = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';

const idFor = (key: string | string[] | undefined, url = '/api/v1/workflows', who = 'alice') =>
  commandIdOf(
    { method: 'POST', url, headers: key === undefined ? {} : { 'idempotency-key': key } },
    actor(who),
  );

describe('commandIdOf', () => {
  it('is the same for the same person, route and key', () => {
    expect(idFor('k')).toBe(idFor('k'));
    expect(idFor('k', `/api/v1/workflows/${A}/pause`)).toBe(
      idFor('k', `/api/v1/workflows/${A.toUpperCase()}/pause?x=1`),
    );
  });

  it('differs by person, route and key', () => {
    const ids = [
      idFor('k'),
      idFor('l'),
      idFor('K'),
      idFor('k', '/api/v1/workflows', 'bob'),
      idFor('k', `/api/v1/workflows/${A}/pause`),
      idFor('k', `/api/v1/workflows/${A}/resume`),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is fresh without a key', () => {
    expect(idFor(undefined)).not.toBe(idFor(undefined));
  });

  it('takes 1 to 200 visible ASCII characters', () => {
    expect(idFor('~'.repeat(200))).toMatch(/^[0-9a-f-]{36}$/);
    for (const bad of ['', 'a b', 'a, b', 'é', '\u007f', 'x'.repeat(201), ['a', 'b']]) {
      expect(() => idFor(bad)).toThrow(expect.objectContaining({ code: 'idempotency.bad-key' }));
    }
  });
});
