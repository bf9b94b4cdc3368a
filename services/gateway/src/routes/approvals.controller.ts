import { DecideApproval, DecisionBody } from '@countersign/contracts';
import { parseInput } from '@countersign/kernel';
import { Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { pathId } from '../http/path-id.js';
import { ApprovalDetail, ApprovalsPage } from '../queries/approvals.replies.js';
import { ApprovalsParameters, ApprovalsQuery } from '../queries/approvals.query.js';
import { NoParameters, parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { API } from './api-path.js';

const approvalIn = (text: string): string => pathId(text, 'approval.not-found');

@Controller(`${API}/approvals`)
export class ApprovalsController {
  constructor(
    @Inject(CommandGate) private readonly commands: CommandGate,
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(ApprovalsQuery) private readonly approvals: ApprovalsQuery,
  ) {}

  @Post(':approvalId/decisions')
  @HttpCode(202)
  @Operation({
    summary: 'Approve or reject',
    description:
      'The decision binds to what was shown: `subjectHash` is the one of the approval. One person counts once, and nobody decides on what they asked for or edited.',
    body: DecisionBody,
    reply: DecideApproval.reply,
    errors: {
      403: ['approval.not-a-person', 'approval.not-eligible'],
      404: ['approval.not-found'],
      422: [
        'approval.already-decided',
        'approval.closed',
        'approval.editor-may-not-decide',
        'approval.requester-may-not-decide',
        'approval.subject-mismatch',
      ],
    },
  })
  decide(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    const approvalId = approvalIn(id);
    const body = parseInput(DecisionBody, request.body);
    return this.commands.send(request, DecideApproval, { approvalId, ...body });
  }

  @Get()
  @Operation({
    summary: 'List approvals',
    query: ApprovalsParameters,
    reply: ApprovalsPage,
    errors: { 403: ['approval.not-your-list'] },
  })
  async list(@Req() request: FastifyRequest) {
    const parameters = parseQuery(ApprovalsParameters, request.query);
    return this.approvals.list(await this.views.of(request), parameters);
  }

  @Get(':approvalId')
  @Operation({
    summary: 'One approval, with its policy and votes',
    query: NoParameters,
    reply: ApprovalDetail,
    errors: { 404: ['approval.not-found'] },
  })
  async get(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    parseQuery(NoParameters, request.query);
    return this.approvals.get(await this.views.of(request), approvalIn(id));
  }
}
