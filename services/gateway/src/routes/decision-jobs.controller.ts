import { BulkDecisionBody, StartBulkDecision } from '@countersign/contracts';
import { parseInput } from '@countersign/kernel';
import { Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { pathId } from '../http/path-id.js';
import {
  DecisionJobDetail,
  DecisionJobsPage,
  DecisionJobsParameters,
  DecisionJobsQuery,
} from '../queries/decision-jobs.query.js';
import { NoParameters, parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { API } from './api-path.js';

/** Many decisions of one person, made by the server. */
@Controller(`${API}/approvals/bulk-decisions`)
export class DecisionJobsController {
  constructor(
    @Inject(CommandGate) private readonly commands: CommandGate,
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(DecisionJobsQuery) private readonly jobs: DecisionJobsQuery,
  ) {}

  @Post()
  @HttpCode(202)
  @Operation({
    summary: 'Decide up to 500 approvals in the same way',
    description:
      '`confirmation` is what a person has typed: the action and the number of items, such as `approve 12`. Each approval is decided as the caller would by themselves, with the `subjectHash` that they were shown; one that refuses does not stop the others. The server works through the list by itself.',
    body: BulkDecisionBody,
    reply: StartBulkDecision.reply,
    errors: {
      400: ['decision-job.twice'],
      403: ['approval.not-a-person'],
      422: ['decision-job.not-confirmed'],
    },
  })
  start(@Req() request: FastifyRequest) {
    const body = parseInput(BulkDecisionBody, request.body);
    return this.commands.send(request, StartBulkDecision, body);
  }

  @Get()
  @Operation({
    summary: 'List the jobs of many decisions that the caller has asked for',
    query: DecisionJobsParameters,
    reply: DecisionJobsPage,
  })
  async list(@Req() request: FastifyRequest) {
    const parameters = parseQuery(DecisionJobsParameters, request.query);
    return this.jobs.list(await this.views.of(request), parameters);
  }

  @Get(':jobId')
  @Operation({
    summary: 'A job of many decisions, and what became of each',
    query: NoParameters,
    reply: DecisionJobDetail,
    errors: { 404: ['decision-job.not-found'] },
  })
  async get(@Req() request: FastifyRequest, @Param('jobId') id: string) {
    parseQuery(NoParameters, request.query);
    return this.jobs.get(await this.views.of(request), pathId(id, 'decision-job.not-found'));
  }
}
