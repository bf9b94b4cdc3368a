import { definitionJsonSchema } from '@countersign/state-machine';
import { Controller, Get, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

import { Public } from '../auth/auth.guard.js';
import { Operation } from '../documents/operation.js';
import { NoParameters, parseQuery } from '../queries/parameters.js';
import { API } from './api-path.js';

/** What people write, as JSON Schemas for their editors, which have no token. */
@Public()
@Controller(`${API}/schemas`)
export class SchemasController {
  @Get('template.json')
  @Operation({
    summary: 'JSON Schema of a definition, as people write it',
    kind: 'plain',
    query: NoParameters,
    reply: z.looseObject({ $schema: z.string() }),
    errors: { 400: ['query.invalid'] },
  })
  template(@Req() request: FastifyRequest) {
    parseQuery(NoParameters, request.query);
    return definitionJsonSchema();
  }
}
