import { newId, type NewEvent } from '@countersign/kernel';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestGateway } from '../../test/test-gateway.js';
import { HASH, NOW } from '../../test/rows.js';

const W = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';
const A = '1b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway.stop());

const get = (path: string) => gateway.ask('GET', `/api/v1${path}`, { as: 'alice' });

describe('events', () => {
  const stream = `workflow-${W}`;
  const event = (n: number): NewEvent => ({
    eventId: newId(),
    type: 'workflow.paused',
    schemaVersion: 1,
    data: { n },
    metadata: {
      correlationId: 'c',
      causationId: 'c',
      commandId: 'c',
      commandHash: 'h',
      actor: 'alice',
      roles: '',
      authMethod: 'test',
      recordedAt: NOW.toISOString(),
      prevHash: HASH,
      hash: HASH,
    },
  });
  beforeAll(async () => {
    const { store } = gateway.fake;
    await store.append(stream, 'none', [event(0), event(1), event(2)]);
    await store.append(`foreign-${W}`, 'none', [event(9)]);
    await store.append(`approval-${A}`, 'none', [event(3)]);
  });

  const numbers = async (query: string) => {
    const { status, body } = await get(`/events${query}`);
    expect(status).toBe(200);
    const items = body.items as { data: { n: number } }[];
    return [items.map(({ data }) => data.n), body.nextCursor];
  };

  it('come with their whole envelope, in order', async () => {
    const { body } = await get('/events');
    const [first] = body.items as object[];
    expect(first).toMatchObject({
      stream,
      revision: 0,
      type: 'workflow.paused',
      schemaVersion: 1,
      metadata: { actor: 'alice', hash: HASH },
    });
    expect(Object.keys(first ?? {})).toEqual(expect.arrayContaining(['position', 'eventId']));
  });

  it('come page by page', async () => {
    expect(await numbers('')).toEqual([[0, 1, 2, 3], null]);
    const [, cursor] = await numbers('?limit=2');
    expect(await numbers(`?after=${String(cursor)}`)).toEqual([[2, 3], null]);
    expect(await numbers(`?stream=${stream}&limit=2`)).toEqual([[0, 1], '1']);
    expect(await numbers(`?stream=${stream}&limit=2&after=1`)).toEqual([[2], null]);
    expect(await numbers('?category=approval')).toEqual([[3], null]);
  });

  it.each([
    '?stream=nothing',
    '?stream=%24all',
    '?stream=workflow-x',
    `?stream=foreign-${W}`,
    `?stream=workflow-${newId()}`,
    `?stream=workflow-${W}&category=approval`,
  ])('are none for %s', async (query) => {
    expect(await numbers(query)).toEqual([[], null]);
  });

  it.each(['unknown', 'foreign'])(
    'refuse the category %s, and name those that there are',
    async (name) => {
      const { body } = await get(`/events?category=${name}`);
      expect([body.status, body.code]).toEqual([400, 'query.invalid']);
      expect(body.detail).toContain('"workflow"');
    },
  );

  it.each(['?after=x', `?stream=workflow-${W}&after=x`])('refuse %s', async (query) => {
    expect((await get(`/events${query}`)).body.code).toBe('query.bad-cursor');
  });
});
