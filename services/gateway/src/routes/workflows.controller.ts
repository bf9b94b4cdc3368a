import {
  ActivateWorkflow,
  CancelWorkflow,
  FailWorkflow,
  PauseWorkflow,
  ReasonBody,
  ResumeWorkflow,
  RetryWorkflow,
  StartWorkflow,
  StartWorkflowBody,
  TransitionBody,
  TransitionWorkflow,
  WorkflowReply,
} from '@countersign/contracts';
import { parseInput } from '@countersign/kernel';
import { Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { pathId } from '../http/path-id.js';
import { NoParameters, parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { WorkflowTransitionsQuery } from '../queries/workflow-transitions.query.js';
import { WorkflowDetail, WorkflowMoves, WorkflowsPage } from '../queries/workflows.replies.js';
import {
  parseWorkflowsQuery,
  WorkflowsParameters,
  WorkflowsQuery,
} from '../queries/workflows.query.js';
import { API } from './api-path.js';

const NoBody = z.strictObject({}).optional();

const workflowIn = (text: string): string => pathId(text, 'workflow.not-found');

@Controller(`${API}/workflows`)
export class WorkflowsController {
  constructor(
    @Inject(CommandGate) private readonly commands: CommandGate,
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(WorkflowsQuery) private readonly workflows: WorkflowsQuery,
    @Inject(WorkflowTransitionsQuery) private readonly moves: WorkflowTransitionsQuery,
  ) {}

  @Post()
  @Operation({
    summary: 'Start a workflow from a template',
    description:
      'With `draft` it waits to be activated. `overrides` may ask for more approvals than the template, not for fewer, and only for those that the people in the directory can give. A `businessKey` belongs to one running workflow of a template at a time.',
    body: StartWorkflowBody,
    reply: WorkflowReply,
    replyHeaders: { location: 'where the workflow is' },
    errors: {
      400: [
        'overrides.malformed',
        'overrides.unknown-approval',
        'overrides.unsound',
        'workflow.context-invalid',
      ],
      404: ['template.not-found'],
      409: ['workflow.business-key-busy'],
      422: [
        'overrides.quorum-unreachable',
        'overrides.weaken',
        'template.not-published',
        'template.retired',
        'workflow.action-failed',
        'workflow.business-key-taken',
        'workflow.start-abandoned',
        'workflow.too-large',
      ],
    },
  })
  async start(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const body = parseInput(StartWorkflowBody, request.body);
    const started = await this.commands.send(request, StartWorkflow, body);
    reply.header('location', `/${API}/workflows/${started.workflowId}`);
    return started;
  }

  /** 201 like the start, which it completes for a draft. */
  @Post(':workflowId/activate')
  @Operation({
    summary: 'Activate a draft',
    body: NoBody,
    reply: WorkflowReply,
    errors: {
      403: ['workflow.operators-only'],
      404: ['workflow.not-found'],
      422: [
        'template.retired',
        'workflow.action-failed',
        'workflow.context-invalid',
        'workflow.not-a-draft',
        'workflow.too-large',
      ],
    },
  })
  activate(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    parseInput(NoBody, request.body);
    return this.commands.send(request, ActivateWorkflow, { workflowId });
  }

  @Post(':workflowId/transitions')
  @HttpCode(202)
  @Operation({
    summary: 'Ask for a move',
    description:
      'Made at once, or when its approval is given: then the reply carries `approvalId`. `input` is what the condition sees besides the context, and is recorded.',
    body: TransitionBody,
    reply: WorkflowReply,
    errors: {
      403: ['workflow.role-missing'],
      404: ['workflow.not-found'],
      422: [
        'workflow.approval-pending',
        'workflow.condition-failed',
        'workflow.condition-not-met',
        'workflow.action-failed',
        'workflow.context-invalid',
        'workflow.no-such-transition',
        'workflow.not-active',
        'workflow.too-large',
      ],
    },
  })
  transition(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(TransitionBody, request.body);
    return this.commands.send(request, TransitionWorkflow, { workflowId, ...body });
  }

  @Post(':workflowId/pause')
  @HttpCode(202)
  @Operation({
    summary: 'Pause a workflow',
    body: ReasonBody,
    reply: WorkflowReply,
    errors: {
      403: ['workflow.operators-only'],
      404: ['workflow.not-found'],
      422: ['workflow.not-active'],
    },
  })
  pause(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(ReasonBody, request.body);
    return this.commands.send(request, PauseWorkflow, { workflowId, ...body });
  }

  @Post(':workflowId/resume')
  @HttpCode(202)
  @Operation({
    summary: 'Resume a paused workflow',
    body: ReasonBody,
    reply: WorkflowReply,
    errors: {
      403: ['workflow.operators-only'],
      404: ['workflow.not-found'],
      422: ['workflow.not-paused'],
    },
  })
  resume(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(ReasonBody, request.body);
    return this.commands.send(request, ResumeWorkflow, { workflowId, ...body });
  }

  @Post(':workflowId/cancel')
  @HttpCode(202)
  @Operation({
    summary: 'Cancel a workflow; an open approval is withdrawn',
    body: ReasonBody,
    reply: WorkflowReply,
    errors: {
      403: ['workflow.operators-only'],
      404: ['workflow.not-found'],
      422: ['workflow.ended'],
    },
  })
  cancel(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(ReasonBody, request.body);
    return this.commands.send(request, CancelWorkflow, { workflowId, ...body });
  }

  @Post(':workflowId/fail')
  @HttpCode(202)
  @Operation({
    summary: 'End a workflow as failed; an open approval is withdrawn',
    body: ReasonBody,
    reply: WorkflowReply,
    errors: {
      403: ['workflow.operators-only'],
      404: ['workflow.not-found'],
      422: ['workflow.ended'],
    },
  })
  fail(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(ReasonBody, request.body);
    return this.commands.send(request, FailWorkflow, { workflowId, ...body });
  }

  @Post(':workflowId/retry')
  @HttpCode(202)
  @Operation({
    summary: 'Try again what an incident has stopped',
    description:
      'Resolves the open incidents of the workflow, or changes nothing when the same is still wrong.',
    body: NoBody,
    reply: WorkflowReply,
    errors: {
      403: ['workflow.operators-only'],
      404: ['workflow.not-found'],
      422: [
        'workflow.action-failed',
        'workflow.no-incident',
        'workflow.not-active',
        'workflow.retry-failed',
      ],
    },
  })
  retry(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    parseInput(NoBody, request.body);
    return this.commands.send(request, RetryWorkflow, { workflowId });
  }

  @Get()
  @Operation({
    summary: 'List workflows',
    description:
      '`context.<field>=<value>`, up to 10 times, finds by fields that a template declares as `indexed`; one that none declares is refused with the fields that there are.',
    query: WorkflowsParameters,
    reply: WorkflowsPage,
  })
  async list(@Req() request: FastifyRequest) {
    const parameters = parseWorkflowsQuery(request.query as object);
    return this.workflows.list(await this.views.of(request), parameters);
  }

  @Get(':workflowId')
  @Operation({
    summary: 'One workflow, with its context and what can be done next',
    query: NoParameters,
    reply: WorkflowDetail,
    errors: { 404: ['workflow.not-found'] },
  })
  async get(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    parseQuery(NoParameters, request.query);
    return this.workflows.get(await this.views.of(request), workflowIn(id));
  }

  @Get(':workflowId/transitions')
  @Operation({
    summary: "A workflow's audit trail: every move, oldest first",
    query: NoParameters,
    reply: WorkflowMoves,
    errors: { 404: ['workflow.not-found'] },
  })
  async transitions(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    parseQuery(NoParameters, request.query);
    return this.moves.list(await this.views.of(request), workflowIn(id));
  }
}
