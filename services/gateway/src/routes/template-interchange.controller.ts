import { JsonRecord } from '@countersign/contracts';
import { parseInput } from '@countersign/kernel';
import {
  fromMermaid,
  fromXState,
  parseDefinition,
  toMermaid,
  toXState,
  WorkflowDefinition,
} from '@countersign/state-machine';
import { Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

import { Operation } from '../documents/operation.js';
import { NoParameters, parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { TemplatesQuery } from '../queries/templates.query.js';
import { API } from './api-path.js';
import { nameIn, VersionNumber, versionIn } from './templates.controller.js';

const unmapped = z
  .array(z.object({ path: z.string(), reason: z.string() }))
  .describe('what the other notation cannot say, and where it stands');

const MermaidText = z.strictObject({ text: z.string().min(1).max(500_000) });
const XStateConfig = z.strictObject({ config: JsonRecord });
const Imported = z.object({ definition: WorkflowDefinition, unmapped });

const ABSENT = { 404: ['template.not-found'] };

/** Definitions in the notations of others. Nothing is saved here: what comes out is for `POST /templates`. */
@Controller(`${API}/templates`)
export class TemplateInterchangeController {
  constructor(
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(TemplatesQuery) private readonly templates: TemplatesQuery,
  ) {}

  @Get(':name/versions/:version/mermaid')
  @Operation({
    summary: 'A version as a Mermaid state diagram',
    params: { version: VersionNumber },
    query: NoParameters,
    reply: z.object({ text: z.string(), unmapped }),
    errors: ABSENT,
  })
  async mermaid(
    @Req() request: FastifyRequest,
    @Param('name') name: string,
    @Param('version') version: string,
  ) {
    return toMermaid(await this.#definition(request, name, version));
  }

  @Get(':name/versions/:version/xstate')
  @Operation({
    summary: 'A version as an XState machine',
    params: { version: VersionNumber },
    query: NoParameters,
    reply: z.object({ config: JsonRecord, unmapped }),
    errors: ABSENT,
  })
  async xstate(
    @Req() request: FastifyRequest,
    @Param('name') name: string,
    @Param('version') version: string,
  ) {
    return toXState(await this.#definition(request, name, version));
  }

  @Post('from-mermaid')
  @HttpCode(200)
  @Operation({
    summary: 'The definition that a Mermaid state diagram amounts to',
    kind: 'plain',
    body: MermaidText,
    reply: Imported,
    errors: { 400: ['mermaid.malformed'] },
  })
  fromMermaid(@Req() request: FastifyRequest) {
    return whole(fromMermaid(parseInput(MermaidText, request.body).text));
  }

  @Post('from-xstate')
  @HttpCode(200)
  @Operation({
    summary: 'The definition that an XState machine amounts to',
    kind: 'plain',
    body: XStateConfig,
    reply: Imported,
    errors: { 400: ['xstate.malformed'] },
  })
  fromXState(@Req() request: FastifyRequest) {
    return whole(fromXState(parseInput(XStateConfig, request.body).config));
  }

  async #definition(request: FastifyRequest, name: string, version: string) {
    parseQuery(NoParameters, request.query);
    const view = await this.views.of(request);
    const { definition } = await this.templates.load(view, nameIn(name), versionIn(version));
    return parseDefinition(definition);
  }
}

function whole({ definition, ...rest }: ReturnType<typeof fromMermaid>) {
  return { definition: parseDefinition(definition), ...rest };
}
