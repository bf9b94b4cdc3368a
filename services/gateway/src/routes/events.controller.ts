import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Operation } from '../documents/operation.js';
import { EventsPage, EventsParameters, EventsQuery } from '../queries/events.query.js';
import { parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { API } from './api-path.js';

@Controller(`${API}/events`)
export class EventsController {
  constructor(
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(EventsQuery) private readonly events: EventsQuery,
  ) {}

  @Get()
  @Operation({
    summary: 'The record itself, in its order',
    description: 'Of one stream, or of all in their global order, with every hash.',
    kind: 'log',
    query: EventsParameters,
    reply: EventsPage,
    errors: { 403: ['event.not-visible'] },
  })
  list(@Req() request: FastifyRequest) {
    const parameters = parseQuery(EventsParameters, request.query);
    return this.events.list(this.views.ofStore(request), parameters);
  }
}
