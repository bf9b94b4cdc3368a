import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { EventsParameters, EventsQuery } from '../queries/events.query.js';
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
  list(@Req() request: FastifyRequest) {
    const parameters = parseQuery(EventsParameters, request.query);
    return this.events.list(this.views.ofStore(request), parameters);
  }
}
