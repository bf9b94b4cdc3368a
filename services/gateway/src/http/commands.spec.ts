import { rule } from '@countersign/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

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

describe('commands', () => {
  it('start workflows', async () => {
    const { status, body, headers } = await start();
    expect([status, body]).toEqual([201, started]);
    expect(headers.location).toBe(`/api/v1/workflows/${ID}`);
    const [command] = gateway.fake.sent;
    const commandId = command?.context.commandId;
    expect(command).toMatchObject({
      subject: 'cmd.workflow.start',
      body: trade,
      context: {
        correlationId: commandId,
        causationId: commandId,
        actor: { id: 'alice', roles: ['trader'], authMethod: 'dev-token' },
      },
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
