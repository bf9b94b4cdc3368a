import { Name } from '@countersign/contracts';
import { notFound } from '@countersign/kernel';
import { Controller, Get, Inject, Param, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Operation } from '../documents/operation.js';
import { NoParameters, parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import {
  TemplateDetail,
  TemplateList,
  TemplateParameters,
  TemplatesQuery,
} from '../queries/templates.query.js';
import { API } from './api-path.js';

@Controller(`${API}/templates`)
export class TemplatesController {
  constructor(
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(TemplatesQuery) private readonly templates: TemplatesQuery,
  ) {}

  @Get()
  @Operation({
    summary: 'List published templates: the latest version of each',
    query: NoParameters,
    reply: TemplateList,
  })
  async list(@Req() request: FastifyRequest) {
    parseQuery(NoParameters, request.query);
    return this.templates.list(await this.views.of(request));
  }

  @Get(':name')
  @Operation({
    summary: 'One version of a template, with its definition',
    query: TemplateParameters,
    reply: TemplateDetail,
    errors: { 404: ['template.not-found'] },
  })
  async get(@Req() request: FastifyRequest, @Param('name') name: string) {
    const { version } = parseQuery(TemplateParameters, request.query);
    if (!Name.safeParse(name).success) {
      throw notFound('template.not-found', 'there is no such template');
    }
    return this.templates.get(await this.views.of(request), name, version);
  }
}
