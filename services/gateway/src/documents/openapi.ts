import type { Type } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import type { z } from 'zod';

import { JsonSchemas } from './json-schemas.js';
import { namedSchemas, Problem } from './named-schemas.js';
import type { OperationKind } from './operation.js';
import { type DescribedRoute, describedRoutes } from './routes.js';
import { allErrors } from './shared-errors.js';

const JSON_TYPE = 'application/json';

const ABOUT = `Approvals, workflows and their record.

Every operation but those tagged \`health\`, \`documents\` and \`dev\` needs a bearer token, and acts as the person that it names.

Errors are RFC 9457 problem documents with a stable \`code\`; \`retry-after\` says when an answer of 503 is worth another try.
A POST that goes to a service takes \`Idempotency-Key\`: repeating it with the same key and body answers the first outcome.
Replies to commands carry \`position\`; a GET with \`Countersign-After: <position>\` shows at least that.
Lists come newest first in pages: pass \`nextCursor\` as \`cursor\`. Replies may get further members in later versions.`;

/** The OpenAPI 3.1 document of some controllers. */
export function openApiOf(controllers: readonly Type[]): object {
  const schemas = new JsonSchemas(namedSchemas);
  const routes = describedRoutes(controllers);
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method] = describeRoute(route, schemas);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Countersign', version: '1', description: ABOUT },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].sort().map((name) => ({ name })),
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: schemas.named,
    },
  };
}

function describeRoute(route: DescribedRoute, schemas: JsonSchemas): object {
  const { method, status, isPublic, operationId, tag, operation } = route;
  const { summary, description, body, reply, errors = {} } = operation;
  const { requestHeaders = {}, replyHeaders = {} } = operation;
  const usual: OperationKind = isPublic ? 'plain' : method === 'get' ? 'query' : 'command';
  const kind = operation.kind ?? usual;
  const query = operation.query?.shape ?? {};
  const refusals = allErrors(errors, {
    kind,
    isPublic,
    takesBody: method !== 'get',
    takesParameters: Object.keys(route.params).length > 0,
    takesCursor: 'cursor' in query || 'after' in query,
  });
  const headers = Object.entries(replyHeaders).map(([name, meaning]) => [
    name,
    { description: meaning, schema: { type: 'string' } },
  ]);
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(isPublic ? { security: [] } : {}),
    parameters: [
      ...parameters('path', route.params, schemas),
      ...Object.entries(requestHeaders).map(([name, meaning]) => ({
        name,
        in: 'header',
        required: true,
        description: meaning,
        schema: { type: 'string' },
      })),
      ...headerOf(kind),
      ...parameters('query', query, schemas),
    ],
    ...(body ? { requestBody: requestBody(body, schemas) } : {}),
    responses: {
      [status]: {
        description: STATUS_CODES[status],
        ...(headers.length > 0 ? { headers: Object.fromEntries(headers) as object } : {}),
        content: { [JSON_TYPE]: { schema: schemas.of(reply).schema } },
      },
      ...Object.fromEntries(
        [...refusals].map((refusal) => [refusal[0], problem(refusal, schemas)]),
      ),
    },
  };
}

function requestBody(body: z.ZodType, schemas: JsonSchemas): object {
  const { schema, required } = schemas.of(body);
  return { required, content: { [JSON_TYPE]: { schema } } };
}

function parameters(
  place: 'path' | 'query',
  shape: Readonly<Record<string, z.core.$ZodType>>,
  schemas: JsonSchemas,
): object[] {
  return Object.entries(shape).map(([name, type]) => {
    const { schema, required } = schemas.of(type as z.ZodType);
    const { description, ...rest } = schema;
    const about = description === undefined ? {} : { description };
    return { name, in: place, required: place === 'path' || required, ...about, schema: rest };
  });
}

function headerOf(kind: OperationKind): object[] {
  switch (kind) {
    case 'command':
      return [
        {
          name: 'Idempotency-Key',
          in: 'header',
          description:
            'Makes repeating the request safe: the same person, path, key and body get the first outcome. 1 to 200 visible ASCII characters.',
          schema: { type: 'string', minLength: 1, maxLength: 200, pattern: '^[\\x21-\\x7e]+$' },
        },
      ];
    case 'query':
    case 'log':
      return [
        {
          name: 'Countersign-After',
          in: 'header',
          description:
            'A `position` from a reply: the answer shows at least what happened until then, or is 503 `query.behind` after five seconds.',
          schema: { type: 'string' },
        },
      ];
    case 'question':
    case 'plain':
      return [];
  }
}

function problem([status, codes]: [number, readonly string[]], schemas: JsonSchemas): object {
  const { schema } = schemas.of(Problem);
  const named = { ...schema, type: 'object', properties: { code: { enum: codes } } };
  return {
    description: `${STATUS_CODES[status] ?? 'Error'}: ${codes.map((code) => `\`${code}\``).join(', ')}`,
    ...(status === 401 ? { headers: { 'www-authenticate': { schema: { type: 'string' } } } } : {}),
    ...([429, 503].includes(status)
      ? { headers: { 'retry-after': { schema: { type: 'integer' } } } }
      : {}),
    content: { 'application/problem+json': { schema: named } },
  };
}
