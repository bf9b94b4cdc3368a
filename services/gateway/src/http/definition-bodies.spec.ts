import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { TestGateway } from '../../test/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.fake.sent.length = 0;
  gateway.fake.answer = () => ({ findings: [] });
});

const chain = (count: number) => ({
  name: 'chain',
  initial: 's0',
  states: Array.from({ length: count }, (_, i) => ({ name: `s${i}`, description: 'one of many' })),
  transitions: Array.from({ length: count - 1 }, (_, i) => ({
    event: 'go',
    from: `s${i}`,
    to: `s${i + 1}`,
  })),
});

const validate = (body: object) =>
  gateway.ask('POST', '/api/v1/templates/validate', { as: 'alice', body });

describe('a body with a definition', () => {
  it('may hold a thousand states, far more values than other bodies', async () => {
    expect((await validate({ definition: chain(1_000) })).status).toBe(200);
    const other = await gateway.ask('POST', '/api/v1/workflows', {
      as: 'alice',
      body: { template: 'x', context: chain(1_000) },
    });
    expect([other.status, other.body.code]).toEqual([400, 'request.too-many-values']);
  });

  it('may be the definition itself', async () => {
    expect((await validate(chain(2))).status).toBe(200);
    expect(gateway.fake.sent[0]?.body).toMatchObject({ definition: { name: 'chain' } });
  });

  it.each([
    [{ definition: chain(10_000) }, 'definition.too-large', '/states'],
    [{ definition: { ...chain(2), initial: 7 } }, 'definition.malformed', '/initial'],
    [{ definition: { ...chain(2), surprise: 1 } }, 'definition.malformed', 'surprise'],
    [{ definition: 'text' }, 'definition.malformed', '/'],
    [{ definition: chain(2), actor: 'bob' }, 'request.invalid', '/actor'],
    [[], 'definition.malformed', '/'],
    [{}, 'request.invalid', '/definition: '],
    [{ defintion: chain(2) }, 'request.invalid', '/definition: '],
    [{ definition: {} }, 'definition.malformed', '/name'],
    [
      { definition: { ...chain(2), timeout: 'P20Y' } },
      'definition.malformed',
      'from PT0.001S to P3660D',
    ],
  ])('that is malformed is refused with its place (%#)', async (body, code, place) => {
    const { status, body: problem } = await validate(body);
    expect([status, problem.code]).toEqual([400, code]);
    expect(problem.detail).toContain(place);
    expect(gateway.fake.sent).toEqual([]);
  });
});
