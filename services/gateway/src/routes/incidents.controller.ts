import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Operation } from '../documents/operation.js';
import { IncidentsPage, IncidentsParameters, IncidentsQuery } from '../queries/incidents.query.js';
import { parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { API } from './api-path.js';

@Controller(`${API}/incidents`)
export class IncidentsController {
  constructor(
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(IncidentsQuery) private readonly incidents: IncidentsQuery,
  ) {}

  @Get()
  @Operation({
    summary: 'List incidents: what needs a person',
    query: IncidentsParameters,
    reply: IncidentsPage,
  })
  async list(@Req() request: FastifyRequest) {
    const parameters = parseQuery(IncidentsParameters, request.query);
    return this.incidents.list(await this.views.of(request), parameters);
  }
}
