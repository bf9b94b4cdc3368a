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
import type { z } from 'zod';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { pathId } from '../http/path-id.js';
import { API } from './api-path.js';

const workflowIn = (text: string): string => pathId(text, 'workflow.not-found');

/** A route on which an administrator asks and others decide; its own refusals beside those that all have. */
const Asking = (
  summary: string,
  body: z.ZodType,
  own: {
    readonly 400?: readonly string[];
    readonly 404?: readonly string[];
    422: readonly string[];
  },
) =>
  Operation({
    summary,
    description:
      'The reply carries the `approvalId` that others decide: as many as the approvals that the workflow would get round. Granted after the workflow has moved on, it is dropped. Takes whoever started the workflow, or one of its operators or administrators; what an administrator asks for takes the place of what waits of somebody else.',
    body,
    reply: WorkflowReply,
    errors: {
      400: own[400] ?? [],
      403: ['workflow.operators-only'],
      404: ['workflow.not-found', ...(own[404] ?? [])],
      422: ['workflow.ended', 'workflow.intervention-pending', 'workflow.is-draft', ...own[422]],
    },
  });

/** What may be wrong with the version that is to be followed, with the overrides of the instance. */
const OTHER_VERSION = {
  400: ['overrides.unknown-approval', 'overrides.unsound'],
  404: ['template.not-found'],
  422: [
    'overrides.quorum-unreachable',
    'overrides.weaken',
    'template.not-published',
    'template.retired',
  ],
} as const;

/** What administrators ask for, and a second person decides: the reply names the approval. */
@Controller(`${API}/workflows/:workflowId`)
export class InterventionsController {
  constructor(@Inject(CommandGate) private readonly commands: CommandGate) {}

  @Post('force')
  @HttpCode(202)
  @Asking('Ask to put a workflow into another state', ForceBody, {
    422: ['workflow.already-there', 'workflow.unknown-state'],
  })
  force(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(ForceBody, request.body);
    return this.commands.send(request, ForceWorkflow, { workflowId, ...body });
  }

  @Post('reset')
  @HttpCode(202)
  @Asking('Ask to put a workflow back into an earlier state and the context of then', ResetBody, {
    422: ['workflow.never-there', 'workflow.unknown-state'],
  })
  reset(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const reset = parseInput(ResetBody, request.body);
    return this.commands.send(request, ResetWorkflow, { workflowId, reset });
  }

  @Post('migrations')
  @HttpCode(202)
  @Asking('Ask to let a workflow follow another version of its template', MigrateBody, {
    ...OTHER_VERSION,
    422: [...OTHER_VERSION[422], 'workflow.already-there', 'workflow.migration-impossible'],
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
    errors: {
      404: [...OTHER_VERSION[404], 'workflow.not-found'],
      422: ['template.not-published', 'template.retired'],
    },
  })
  previewMigration(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(MigrationBody, request.body ?? {});
    return this.commands.send(request, PreviewMigration, { workflowId, ...body });
  }
}
