import {
  BulkJobBody,
  BulkJobReply,
  BulkPreview,
  BulkPreviewBody,
  CreateBulkJob,
  PreviewBulkJob,
  ReasonBody,
  StopBulkJob,
} from '@countersign/contracts';
import { parseInput } from '@countersign/kernel';
import { Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { pathId } from '../http/path-id.js';
import {
  BulkJobItemsParameters,
  BulkJobsParameters,
  BulkJobsQuery,
} from '../queries/bulk-jobs.query.js';
import { BulkJob, BulkJobItemsPage, BulkJobsPage } from '../queries/bulk-jobs.replies.js';
import { NoParameters, parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { API } from './api-path.js';

/** Its queries see at least what the header `Countersign-After` names, like those of lists. */
const AFTER = { 400: ['query.bad-position'], 503: ['query.behind'] };

/** Of the version that is to be migrated to. */
const NOT_PUBLISHED = ['template.not-published', 'template.retired'];

const jobIn = (text: string): string => pathId(text, 'bulk-job.not-found');

/** The same change to many workflows: looked at first, then carried out by the server, with a result for each. */
@Controller(`${API}/bulk-jobs`)
export class BulkJobsController {
  constructor(
    @Inject(CommandGate) private readonly commands: CommandGate,
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(BulkJobsQuery) private readonly jobs: BulkJobsQuery,
  ) {}

  @Post('preview')
  @HttpCode(200)
  @Operation({
    summary: 'Tell which running workflows a bulk job would be about; nothing happens',
    description:
      'The query is run over what the lists show, as the caller sees it; `Countersign-After` works as there. `count` is what has to be confirmed as `expectedCount`.',
    body: BulkPreviewBody,
    reply: BulkPreview,
    errors: { ...AFTER, 404: ['template.not-found'], 422: NOT_PUBLISHED },
  })
  async preview(@Req() request: FastifyRequest) {
    const wanted = parseInput(BulkPreviewBody, request.body);
    const { scopes } = await this.views.of(request);
    return this.commands.send(request, PreviewBulkJob, { wanted, scopes: scopes && [...scopes] });
  }

  @Post()
  @HttpCode(202)
  @Operation({
    summary: 'Cancel, retry or migrate many running workflows',
    description:
      'The list of workflows is frozen now, and refused when there are not `expectedCount` of them any more or more than 10,000. `cancel` and `retry` take a member of the group `workflow-admins` and begin at once. `migrate` waits: the reply carries the one `approvalId` that another person decides. A workflow that has ended or moved on meanwhile is skipped, and one that refuses does not stop the others.',
    body: BulkJobBody,
    reply: BulkJobReply,
    errors: {
      ...AFTER,
      403: ['bulk-job.admins-only'],
      404: ['template.not-found'],
      422: [
        ...NOT_PUBLISHED,
        'approval.quorum-unreachable',
        'bulk-job.count-differs',
        'bulk-job.too-many',
        'workflow.migration-impossible',
      ],
    },
  })
  async create(@Req() request: FastifyRequest) {
    const wanted = parseInput(BulkJobBody, request.body);
    const { scopes } = await this.views.of(request);
    return this.commands.send(request, CreateBulkJob, { wanted, scopes: scopes && [...scopes] });
  }

  @Post(':jobId/stop')
  @HttpCode(202)
  @Operation({
    summary: 'Stop a bulk job; what it has done stays done',
    description:
      'By whoever asked for it, or a member of the group `workflow-admins`. Items under way are finished and recorded; an open approval is withdrawn.',
    body: ReasonBody,
    reply: BulkJobReply,
    errors: {
      403: ['bulk-job.admins-only'],
      404: ['bulk-job.not-found'],
      422: ['bulk-job.ended'],
    },
  })
  stop(@Req() request: FastifyRequest, @Param('jobId') id: string) {
    const jobId = jobIn(id);
    const { reason } = parseInput(ReasonBody, request.body);
    return this.commands.send(request, StopBulkJob, { jobId, reason });
  }

  @Get()
  @Operation({
    summary: 'List bulk jobs',
    query: BulkJobsParameters,
    reply: BulkJobsPage,
  })
  async list(@Req() request: FastifyRequest) {
    const parameters = parseQuery(BulkJobsParameters, request.query);
    return this.jobs.list(await this.views.of(request), parameters);
  }

  @Get(':jobId')
  @Operation({
    summary: 'One bulk job: who asked, why, and how far it is',
    query: NoParameters,
    reply: BulkJob,
    errors: { 404: ['bulk-job.not-found'] },
  })
  async get(@Req() request: FastifyRequest, @Param('jobId') id: string) {
    parseQuery(NoParameters, request.query);
    return this.jobs.get(await this.views.of(request), jobIn(id));
  }

  @Get(':jobId/items')
  @Operation({
    summary: 'What became of each workflow of a bulk job',
    query: BulkJobItemsParameters,
    reply: BulkJobItemsPage,
    errors: { 404: ['bulk-job.not-found'] },
  })
  async items(@Req() request: FastifyRequest, @Param('jobId') id: string) {
    const parameters = parseQuery(BulkJobItemsParameters, request.query);
    return this.jobs.items(await this.views.of(request), jobIn(id), parameters);
  }
}
