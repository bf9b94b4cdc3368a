import { CloudEvent, eventTypes, parseCloudEventType } from '@countersign/contracts';
import { newId } from '@countersign/kernel';
import { DocumentedReplies, eventually, schemaValidator } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';

import type { ApiReply } from './src/api-client.js';
import { TestSystem } from './src/system.js';
import { tradeContext } from './src/trades.js';

interface Listed {
  readonly items: readonly unknown[];
}
interface AsyncApi {
  readonly channels: Readonly<Record<string, { readonly address: string }>>;
  readonly components: {
    readonly messages: Readonly<
      Record<string, { readonly headers: { readonly required: readonly string[] } }>
    >;
  };
}

describe('the documents that the product serves', () => {
  let system: TestSystem;
  let documented: DocumentedReplies;
  let bus: NatsConnection | undefined;

  beforeAll(async () => {
    system = await TestSystem.start();
    const document = await fetch(`${system.base}/api/v1/openapi.json`);
    documented = new DocumentedReplies((await document.json()) as object);
  }, 120_000);

  afterAll(async () => {
    await bus?.close();
    await system.stop();
  }, 120_000);

  /** Asks as somebody, and compares the reply with the document. */
  async function ask<Body = Listed>(
    user: string,
    method: 'GET' | 'POST',
    path: string,
    sent?: unknown,
    after?: string,
  ): Promise<ApiReply<Body>> {
    const client = await system.as(user);
    const options = after === undefined ? {} : { after };
    const reply = await client.call<Body>(method, path, { body: sent, ...options });
    const contentType = reply.headers.get('content-type') ?? '';
    documented.check({ method, url: `/api/v1${path}`, sent, contentType, ...reply });
    return reply;
  }

  it('are what calls answer and what is published', async () => {
    const document = await fetch(`${system.base}/api/v1/asyncapi.json`);
    const events = (await document.json()) as AsyncApi;
    const validate = schemaValidator(events);
    bus = await connect({ servers: system.nats.anonymousUrl });
    const wrong: unknown[] = [];
    const seen = new Set<string>();
    bus.subscribe('evt.>', {
      callback: (_, message) => {
        const { type } = CloudEvent.parse(message.json());
        seen.add(type);
        const name = parseCloudEventType(type).type.replaceAll('.', '-');
        const errors = validate(['components', 'messages', name, 'payload'], message.json());
        const [address = ''] = events.channels[name]?.address.split('{') ?? [];
        const headers = events.components.messages[name]?.headers.required ?? ['undescribed'];
        const missing = headers.filter((header) => !message.headers?.has(header));
        if (errors !== undefined || missing.length > 0 || !message.subject.startsWith(address)) {
          wrong.push([message.subject, errors, missing]);
        }
      },
    });
    bus.publish('trades.executed', '{"trade": ');
    await bus.flush();

    const { body: started } = await ask<Record<string, string>>('alice', 'POST', '/workflows', {
      template: 'trade_approval',
      businessKey: newId(),
      context: tradeContext('T-1'),
    });
    const { workflowId = '', approvalId = '', position } = started;
    const waiting = await ask('erin', 'GET', `/workflows/${workflowId}`, undefined, position);
    expect(waiting.body).toMatchObject({ pendingTransition: { approvalId } });
    const shown = await ask<{ subjectHash: string }>('erin', 'GET', `/approvals/${approvalId}`);
    const vote = { action: 'approve', reason: 'fine', subjectHash: shown.body.subjectHash };
    const decisions = `/approvals/${approvalId}/decisions`;
    expect((await ask('alice', 'POST', decisions, vote)).status).toBe(422);
    expect((await ask('erin', 'POST', decisions, vote)).status).toBe(202);
    const decided = await ask<Record<string, string>>('dave', 'POST', decisions, vote);
    const last = decided.body['position'];

    await eventually(async () => (await ask('dave', 'GET', '/incidents')).body.items.length > 0);
    for (const path of [
      '/workflows',
      `/workflows/${workflowId}`,
      '/approvals',
      `/approvals/${approvalId}`,
      '/templates',
      '/templates/trade_approval',
      '/incidents',
      '/events?limit=1000',
      `/workflows/${workflowId}/transitions`,
    ]) {
      const { status, body } = await ask('dave', 'GET', path, undefined, last);
      expect([path, status]).toEqual([path, 200]);
      if ('items' in body) expect([path, body.items.length]).not.toEqual([path, 0]);
    }
    await eventually(() => Promise.resolve(seen.has('countersign.workflow.completed.v1')));
    await eventually(() => Promise.resolve(seen.has('countersign.incident.raised.v1')));
    expect(wrong).toEqual([]);
    expect(seen.size).toBeLessThanOrEqual(eventTypes.length);
  });
});
