import {
  PublishTemplate,
  PublishTemplateBody,
  RetireTemplate,
  RetireTemplateBody,
  ReturnTemplate,
  ReturnTemplateBody,
  SaveTemplateDraft,
  SubmitTemplate,
  SubmitTemplateBody,
  TemplateReply,
  ValidateTemplate,
} from '@countersign/contracts';
import { parseInput } from '@countersign/kernel';
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { DefinitionBody, definitionIn } from '../http/definition-body.js';
import { DEFINITION_BODY } from '../http/json-body.js';
import { readTemplateFile, TemplateFile } from '../http/template-file.js';
import { API } from './api-path.js';
import { nameIn, VersionNumber, versionIn } from './templates.controller.js';

const NOWHERE = ['template.not-found', 'template.version-not-found'];
const ANALYSIS = {
  429: ['analysis.too-many'],
  503: ['analysis.busy', 'analysis.failed', 'analysis.stopped'],
};

/** Writing, reviewing and publishing templates. */
@Controller(`${API}/templates`)
export class TemplateCommandsController {
  constructor(@Inject(CommandGate) private readonly commands: CommandGate) {}

  @Post()
  @RouteConfig(DEFINITION_BODY)
  @Operation({
    summary: 'Save a draft',
    description:
      'Of the caller’s own: their present draft gets the new content, otherwise it is a new version. What is wrong with it is reported as findings; publishing is what they prevent. The definition may also be the whole body.',
    body: DefinitionBody,
    reply: SaveTemplateDraft.reply,
    errors: { 400: ['definition.malformed', 'definition.too-large'], ...ANALYSIS },
  })
  save(@Req() request: FastifyRequest) {
    const definition = definitionIn(request.body);
    return this.commands.send(request, SaveTemplateDraft, { definition });
  }

  @Post('import')
  @RouteConfig(DEFINITION_BODY)
  @Operation({
    summary: 'Import a file that was exported, as a draft of the caller',
    body: TemplateFile,
    reply: SaveTemplateDraft.reply,
    errors: {
      400: [
        'definition.malformed',
        'definition.too-large',
        'template-file.hash-mismatch',
        'template-file.malformed',
      ],
      ...ANALYSIS,
    },
  })
  import(@Req() request: FastifyRequest) {
    return this.commands.send(request, SaveTemplateDraft, readTemplateFile(request.body));
  }

  @Post('validate')
  @HttpCode(200)
  @RouteConfig(DEFINITION_BODY)
  @Operation({
    summary: 'Analyse a definition; nothing is saved',
    body: DefinitionBody,
    reply: ValidateTemplate.reply,
    errors: { 400: ['definition.malformed', 'definition.too-large'], ...ANALYSIS },
  })
  validate(@Req() request: FastifyRequest) {
    const definition = definitionIn(request.body);
    return this.commands.send(request, ValidateTemplate, { definition });
  }

  @Post(':name/versions/:version/submit')
  @HttpCode(202)
  @Operation({
    summary: 'Submit a draft for review',
    description:
      'By its author, or a member of the group `workflow-admins`. It stands as it is from then on.',
    params: { version: VersionNumber },
    body: SubmitTemplateBody,
    reply: TemplateReply,
    errors: { 403: ['template.not-yours'], 404: NOWHERE, 422: ['template.not-a-draft'] },
  })
  submit(
    @Req() request: FastifyRequest,
    @Param('name') name: string,
    @Param('version') version: string,
  ) {
    const body = parseInput(SubmitTemplateBody, request.body ?? {});
    const of = { name: nameIn(name), version: versionIn(version) };
    return this.commands.send(request, SubmitTemplate, { ...of, ...body });
  }

  @Post(':name/versions/:version/return')
  @HttpCode(202)
  @Operation({
    summary: 'Send a version under review back to its author',
    description: 'By a member of the group `workflow-admins`, its author, or whoever submitted it.',
    params: { version: VersionNumber },
    body: ReturnTemplateBody,
    reply: TemplateReply,
    errors: { 403: ['template.not-yours'], 404: NOWHERE, 422: ['template.not-in-review'] },
  })
  return(
    @Req() request: FastifyRequest,
    @Param('name') name: string,
    @Param('version') version: string,
  ) {
    const body = parseInput(ReturnTemplateBody, request.body);
    const of = { name: nameIn(name), version: versionIn(version) };
    return this.commands.send(request, ReturnTemplate, { ...of, ...body });
  }

  @Post(':name/versions/:version/publish')
  @HttpCode(202)
  @Operation({
    summary: 'Publish a version that was reviewed',
    description:
      'By a member of the group `workflow-admins` who is neither its author nor has ever submitted it. Once it was submitted more than once, `definitionHash` is needed: `GET` of the version shows it. While the analysis finds an error it is refused, with the findings.',
    params: { version: VersionNumber },
    body: PublishTemplateBody,
    reply: TemplateReply,
    errors: {
      403: ['template.admins-only'],
      404: NOWHERE,
      422: [
        'template.changed',
        'template.has-errors',
        'template.hash-needed',
        'template.not-in-review',
        'template.second-person-needed',
      ],
      ...ANALYSIS,
    },
  })
  publish(
    @Req() request: FastifyRequest,
    @Param('name') name: string,
    @Param('version') version: string,
  ) {
    const body = parseInput(PublishTemplateBody, request.body ?? {});
    const of = { name: nameIn(name), version: versionIn(version) };
    return this.commands.send(request, PublishTemplate, { ...of, ...body });
  }

  @Post(':name/versions/:version/retire')
  @HttpCode(202)
  @Operation({
    summary: 'Retire a published version',
    description:
      'Nothing new is started from it; instances of it go on. By its author or a member of the group `workflow-admins`.',
    params: { version: VersionNumber },
    body: RetireTemplateBody,
    reply: TemplateReply,
    errors: { 403: ['template.admins-only'], 404: NOWHERE, 422: ['template.not-published'] },
  })
  retire(
    @Req() request: FastifyRequest,
    @Param('name') name: string,
    @Param('version') version: string,
  ) {
    const body = parseInput(RetireTemplateBody, request.body ?? {});
    const of = { name: nameIn(name), version: versionIn(version) };
    return this.commands.send(request, RetireTemplate, { ...of, ...body });
  }
}
