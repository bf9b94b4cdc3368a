import {
  ForceBody,
  ForceWorkflow,
  MigrateBody,
  MigrateWorkflow,
  MigrationBody,
  MigrationPreview,
  PreviewMigration,
  ResetBody,
  ResetWorkflow,
  WorkflowReply,
} from '@countersign/contracts';
import { parseInput } from '@countersign/kernel';
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { pathId } from '../http/path-id.js';
import { API } from './api-path.js';

const workflowIn = (text: string): string => pathId(text, 'workflow.not-found');

/** What administrators ask for, and a second person decides: the reply names the approval. */
@Controller(`${API}/workflows/:workflowId`)
export class InterventionsController {
  constructor(@Inject(CommandGate) private readonly commands: CommandGate) {}

  @Post('force')
  @HttpCode(202)
  @Operation({
    summary: 'Ask to put a workflow into another state',
    description:
      'The reply carries the `approvalId` that another person decides. Granted after the workflow has moved on, it is dropped.',
    body: ForceBody,
    reply: WorkflowReply,
    errors: {
      404: ['workflow.not-found'],
      422: [
        'workflow.ended',
        'workflow.intervention-pending',
        'workflow.is-draft',
        'workflow.unknown-state',
      ],
    },
  })
  force(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(ForceBody, request.body);
    return this.commands.send(request, ForceWorkflow, { workflowId, ...body });
  }

  @Post('reset')
  @HttpCode(202)
  @Operation({
    summary: 'Ask to put a workflow back into an earlier state and the context of then',
    description:
      'The reply carries the `approvalId` that another person decides. Granted after the workflow has moved on, it is dropped.',
    body: ResetBody,
    reply: WorkflowReply,
    errors: {
      404: ['workflow.not-found'],
      422: [
        'workflow.ended',
        'workflow.intervention-pending',
        'workflow.is-draft',
        'workflow.never-there',
      ],
    },
  })
  reset(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const reset = parseInput(ResetBody, request.body);
    return this.commands.send(request, ResetWorkflow, { workflowId, reset });
  }

  @Post('migrations')
  @HttpCode(202)
  @Operation({
    summary: 'Ask to let a workflow follow another version of its template',
    description:
      'The reply carries the `approvalId` that another person decides. Granted after the workflow has moved on, it is dropped.',
    body: MigrateBody,
    reply: WorkflowReply,
    errors: {
      404: ['template.not-found', 'workflow.not-found'],
      422: [
        'workflow.ended',
        'workflow.intervention-pending',
        'workflow.is-draft',
        'workflow.migration-impossible',
      ],
    },
  })
  migrate(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(MigrateBody, request.body);
    return this.commands.send(request, MigrateWorkflow, { workflowId, ...body });
  }

  @Post('migrations/preview')
  @HttpCode(200)
  @Operation({
    summary: 'Tell what a migration would do; nothing happens',
    body: MigrationBody,
    reply: MigrationPreview,
    errors: { 404: ['template.not-found', 'workflow.not-found'] },
  })
  previewMigration(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(MigrationBody, request.body ?? {});
    return this.commands.send(request, PreviewMigration, { workflowId, ...body });
  }
}
