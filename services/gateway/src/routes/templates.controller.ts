import { Name } from '@countersign/contracts';
import { notFound } from '@countersign/kernel';
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { Operation } from '../documents/operation.js';
import { TemplateFile, toTemplateFile } from '../http/template-file.js';
import { NoParameters, parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import {
  DiffParameters,
  TemplateParameters,
  TemplatesParameters,
  TemplatesQuery,
} from '../queries/templates.query.js';
import {
  TemplateDetail,
  TemplateDiff,
  TemplatePage,
  TemplateVersions,
} from '../queries/templates.replies.js';
import { API } from './api-path.js';

/** As it stands in a path. */
export const VersionNumber = z.int().min(1).max(999_999);

const ABSENT = { 404: ['template.not-found'] };

/** Reading templates. */
@Controller(`${API}/templates`)
export class TemplatesController {
  constructor(
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(TemplatesQuery) private readonly templates: TemplatesQuery,
  ) {}

  @Get()
  @Operation({
    summary: 'List templates',
    description:
      'Without a status, the latest published version of each template, by name. With one, all versions that have it.',
    query: TemplatesParameters,
    reply: TemplatePage,
  })
  async list(@Req() request: FastifyRequest) {
    const parameters = parseQuery(TemplatesParameters, request.query);
    return this.templates.list(await this.views.of(request), parameters);
  }

  @Get(':name')
  @Operation({
    summary: 'The latest published version of a template or, without one, the newest',
    description:
      'Of a template that has none, the newest version, be it a draft, under review or retired: `status` says which. Or the version named.',
    query: TemplateParameters,
    reply: TemplateDetail,
    errors: ABSENT,
  })
  async get(@Req() request: FastifyRequest, @Param('name') name: string) {
    const { version } = parseQuery(TemplateParameters, request.query);
    return this.templates.get(await this.views.of(request), nameIn(name), version);
  }

  @Get(':name/diff')
  @Operation({
    summary: 'What is different between two versions',
    description:
      'States, fields and transitions are compared with those of the same name, wherever they stand.',
    query: DiffParameters,
    reply: TemplateDiff,
    errors: ABSENT,
  })
  async diff(@Req() request: FastifyRequest, @Param('name') name: string) {
    const parameters = parseQuery(DiffParameters, request.query);
    return this.templates.diff(await this.views.of(request), nameIn(name), parameters);
  }

  @Get(':name/versions')
  @Operation({
    summary: 'All versions of a template, the newest first',
    query: NoParameters,
    reply: TemplateVersions,
    errors: ABSENT,
  })
  async versions(@Req() request: FastifyRequest, @Param('name') name: string) {
    parseQuery(NoParameters, request.query);
    return this.templates.versions(await this.views.of(request), nameIn(name));
  }

  @Get(':name/versions/:version')
  @Operation({
    summary: 'One version of a template, with its definition and history',
    params: { version: VersionNumber },
    query: NoParameters,
    reply: TemplateDetail,
    errors: ABSENT,
  })
  async version(
    @Req() request: FastifyRequest,
    @Param('name') name: string,
    @Param('version') version: string,
  ) {
    parseQuery(NoParameters, request.query);
    const view = await this.views.of(request);
    return this.templates.get(view, nameIn(name), versionIn(version));
  }

  @Get(':name/versions/:version/export')
  @Operation({
    summary: 'A version as a file that another installation can import',
    params: { version: VersionNumber },
    query: NoParameters,
    reply: TemplateFile,
    replyHeaders: { 'content-disposition': 'the name of the file' },
    errors: ABSENT,
  })
  async export(
    @Req() request: FastifyRequest,
    @Param('name') name: string,
    @Param('version') version: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    parseQuery(NoParameters, request.query);
    const view = await this.views.of(request);
    const stored = await this.templates.load(view, nameIn(name), versionIn(version));
    const file = `${stored.row.name}-v${stored.row.version}.json`;
    reply.header('content-disposition', `attachment; filename="${file}"`);
    return toTemplateFile(stored);
  }
}

const absent = () => notFound('template.not-found', 'there is no such template or version');

/** The name of a template in a path. @throws AppError `template.not-found` for what cannot be one. */
export function nameIn(text: string): string {
  if (!Name.safeParse(text).success) throw absent();
  return text;
}

/** The number of a version in a path. @throws AppError `template.not-found` for what cannot be one. */
export function versionIn(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw absent();
  return Number(text);
}
