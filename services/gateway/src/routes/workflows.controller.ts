import {
  ActivateWorkflow,
  CancelWorkflow,
  PauseWorkflow,
  ReasonBody,
  ResumeWorkflow,
  StartWorkflow,
  StartWorkflowBody,
  TransitionBody,
  TransitionWorkflow,
} from '@countersign/contracts';
import { parseInput } from '@countersign/kernel';
import { Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { CommandGate } from '../http/command-gate.js';
import { pathId } from '../http/path-id.js';
import { NoParameters, parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { WorkflowTransitionsQuery } from '../queries/workflow-transitions.query.js';
import { WorkflowsParameters, WorkflowsQuery } from '../queries/workflows.query.js';
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
  async start(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const body = parseInput(StartWorkflowBody, request.body);
    const started = await this.commands.send(request, StartWorkflow, body);
    reply.header('location', `/${API}/workflows/${started.workflowId}`);
    return started;
  }

  /** 201 like the start, which it completes for a draft. */
  @Post(':workflowId/activate')
  activate(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    parseInput(NoBody, request.body);
    return this.commands.send(request, ActivateWorkflow, { workflowId });
  }

  @Post(':workflowId/transitions')
  @HttpCode(202)
  transition(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(TransitionBody, request.body);
    return this.commands.send(request, TransitionWorkflow, { workflowId, ...body });
  }

  @Post(':workflowId/pause')
  @HttpCode(202)
  pause(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(ReasonBody, request.body);
    return this.commands.send(request, PauseWorkflow, { workflowId, ...body });
  }

  @Post(':workflowId/resume')
  @HttpCode(202)
  resume(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(ReasonBody, request.body);
    return this.commands.send(request, ResumeWorkflow, { workflowId, ...body });
  }

  @Post(':workflowId/cancel')
  @HttpCode(202)
  cancel(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    const workflowId = workflowIn(id);
    const body = parseInput(ReasonBody, request.body);
    return this.commands.send(request, CancelWorkflow, { workflowId, ...body });
  }

  @Get()
  async list(@Req() request: FastifyRequest) {
    const parameters = parseQuery(WorkflowsParameters, request.query);
    return this.workflows.list(await this.views.of(request), parameters);
  }

  @Get(':workflowId')
  async get(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    parseQuery(NoParameters, request.query);
    return this.workflows.get(await this.views.of(request), workflowIn(id));
  }

  @Get(':workflowId/transitions')
  async transitions(@Req() request: FastifyRequest, @Param('workflowId') id: string) {
    parseQuery(NoParameters, request.query);
    return this.moves.list(await this.views.of(request), workflowIn(id));
  }
}
