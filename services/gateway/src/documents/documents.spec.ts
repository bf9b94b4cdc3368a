import asyncApiSchemas from '@asyncapi/specs';
import { eventTypes } from '@countersign/contracts';
import { schemaValidator } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';

import { codesInSources } from '../../test/codes-in-sources.js';
import { TestGateway } from '../../test/test-gateway.js';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly enum?: readonly unknown[];
}
interface Response {
  readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
}
interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
  readonly parameters: readonly { readonly name: string; readonly schema: object }[];
  readonly security?: readonly object[];
  readonly requestBody?: { readonly required: boolean };
}
type OpenApi = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
} & Record<string, unknown>;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway.stop());

const fetchDocument = async <T>(name: string): Promise<T> => {
  const { status, body } = await gateway.ask('GET', `/api/v1/${name}`);
  expect(status).toBe(200);
  return body as T;
};

const HOW = `
Every route is described beside its method in services/gateway/src/routes, with one decorator:
  @Operation({ summary: 'Pause a workflow', body: ReasonBody, reply: WorkflowReply,
    errors: { 404: ['workflow.not-found'], 422: ['workflow.not-active'] } })
See services/gateway/src/documents/operation.ts for its members. Path and status come from Nest's own decorators.`;

describe('openapi.json', () => {
  it('is valid OpenAPI 3.1', async () => {
    const document = await fetchDocument<OpenApi>('openapi.json');
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('describes the routes that there are, and no others', async () => {
    const { paths } = await fetchDocument<OpenApi>('openapi.json');
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const registered = gateway.routes
      .filter(({ method }) => method !== 'OPTIONS')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:([^/]+)/g, '{$1}')}`);
    const missing = registered.filter((route) => !described.includes(route));
    const invented = described.filter((route) => !registered.includes(route));
    if (missing.length > 0) throw new Error(`not described: ${missing.join(', ')}${HOW}`);
    expect(invented).toEqual([]);
    expect(described.length).toBeGreaterThan(15);
  });

  it('says the status, the headers, the parameters and the codes of each', async () => {
    const { paths } = await fetchDocument<OpenApi>('openapi.json');
    const names = (path: string, method: string) =>
      paths[path]?.[method]?.parameters.map(({ name }) => name);
    expect(names('/api/v1/workflows', 'post')).toEqual(['Idempotency-Key']);
    expect(names('/api/v1/workflows', 'get')).toEqual([
      'Countersign-After',
      ...['status', 'template', 'state', 'businessKey', 'parentId', 'limit', 'cursor'],
    ]);
    expect(names('/api/v1/approvals/{approvalId}/decisions', 'post')?.[0]).toBe('approvalId');
    const start = paths['/api/v1/workflows']?.post;
    expect(Object.keys(start?.responses ?? {})).toEqual(
      expect.arrayContaining(['201', '400', '401', '404', '409', '413', '422', '500', '503']),
    );
    expect(paths['/api/v1/workflows/{workflowId}/pause']?.post?.responses).toHaveProperty('202');
    expect(start?.requestBody?.required).toBe(true);
    expect(start?.security).toBeUndefined();
    expect(paths['/health/live']?.get?.security).toEqual([]);
    const limit = paths['/api/v1/workflows']?.get?.parameters.find(({ name }) => name === 'limit');
    expect(limit?.schema).toEqual({ type: 'integer', minimum: 1, maximum: 200, default: 50 });
  });

  it('has the values of a parameter in both cases, as they are taken', async () => {
    const { paths } = await fetchDocument<OpenApi>('openapi.json');
    const status = paths['/api/v1/approvals']?.get?.parameters.find(
      ({ name }) => name === 'status',
    );
    expect(status?.schema).toMatchObject({
      type: 'string',
      enum: expect.arrayContaining(['pending', 'PENDING', 'approved', 'APPROVED']),
    });
    expect(status).toHaveProperty(
      'description',
      expect.stringContaining('`pending`: all that are open'),
    );
  });

  it('names codes that the product has, under the status that they are sent with', async () => {
    const { paths } = await fetchDocument<OpenApi>('openapi.json');
    const thrown = codesInSources();
    const wrong = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { responses }]) =>
        Object.entries(responses).flatMap(([status, { content }]) => {
          const code = content['application/problem+json']?.schema.properties?.code;
          return (code?.enum ?? [])
            .filter((each) => {
              const statuses = thrown.get(String(each));
              return !statuses || (statuses.size > 0 && !statuses.has(status));
            })
            .map((each) => `${method} ${path}: ${status} ${String(each)}`);
        }),
      ),
    );
    expect(wrong).toEqual([]);
  });
});

describe('asyncapi.json', () => {
  it('is valid AsyncAPI 3.0', async () => {
    const document = await fetchDocument<object>('asyncapi.json');
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats.default(ajv);
    const validate = ajv.compile(asyncApiSchemas.schemasWithoutId['3.0.0'] as object);
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('has a channel and a message for every event type, which real events fit', async () => {
    const document = await fetchDocument<{
      channels: Record<string, { address: string }>;
      components: { messages: Record<string, object> };
    }>('asyncapi.json');
    const validate = schemaValidator(document);
    const addresses = Object.values(document.channels).map(({ address }) => address);
    for (const { type, version } of eventTypes) {
      expect(addresses).toContain(`evt.${type}.{partition}`);
      const id = type.replaceAll('.', '-');
      const payload = ['components', 'messages', id, 'payload'];
      const event = { ...envelope(type, version), data: fixture(type, version) };
      expect([type, validate(payload, event)]).toEqual([type, undefined]);
      expect(validate(payload, { ...event, type: 'countersign.other.thing.v1' })).toBeDefined();
      expect(validate(payload, { ...event, data: 7 })).toBeDefined();
    }
  });
});

const fixtures = new URL('../../../../libs/contracts/fixtures/', import.meta.url);

function fixture(type: string, version: number): unknown {
  const text = readFileSync(new URL(`${type}.v${version}.json`, fixtures), 'utf8');
  return (JSON.parse(text) as { data: unknown }).data;
}

function envelope(type: string, version: number) {
  const [category = ''] = type.split('.');
  const id = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';
  return {
    specversion: '1.0',
    id,
    source: `/countersign/${category}`,
    type: `countersign.${type}.v${version}`,
    subject: `${category}-${id}`,
    time: '2026-11-24T09:00:00.000Z',
    datacontenttype: 'application/json',
    correlationid: 'c',
    causationid: 'c',
    partitionkey: `${category}-${id}`,
    sequence: '0000000000',
    actor: 'alice',
  };
}
