import { ExplainApproval, RequestApproval, RequestBody } from '@countersign/contracts';
import { Clock, parseInput } from '@countersign/kernel';
import { DirectoryReader } from '@countersign/service-kit';
import { Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { ApprovalsParameters, ApprovalsQuery } from '../queries/approvals.query.js';
import { ApprovalDetail, ApprovalsPage } from '../queries/approvals.replies.js';
import { NoParameters, parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { API, approvalIn } from './api-path.js';

@Controller(`${API}/approvals`)
export class ApprovalsController {
  constructor(
    @Inject(CommandGate) private readonly commands: CommandGate,
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(ApprovalsQuery) private readonly approvals: ApprovalsQuery,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Post()
  @Operation({
    summary: 'Ask for an approval that no workflow asks for',
    description:
      'Say a `level` and `approvers` (`alice`, `role:x`, `group:x`), or a whole `policy`. Naming the caller is no error, and never makes them eligible. A `workflowId` says what it is about; only the approval that the workflow itself opened satisfies its transition. It has to be one that the caller can read: for one that was started a moment ago send `Countersign-After`. Refused when nobody could meet it. The subject is at most 64 KiB.',
    body: RequestBody,
    reply: RequestApproval.reply,
    replyHeaders: { location: 'where the approval is' },
    errors: {
      400: ['expression.invalid'],
      422: [
        'approval.quorum-unreachable',
        'approval.unknown-approver',
        'approval.unknown-calendar',
        'approval.unknown-workflow',
        'approval.calendar-out-of-reach',
        'approval.after-expiry',
        'approval.escalation-order',
        'approval.no-escalation',
        'approval.rejection-unreachable',
        'approval.material-unknown',
        'approval.unused',
        'approval.rule-failed',
      ],
    },
  })
  async request(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const body = parseInput(RequestBody, request.body);
    const { workflowId } = body;
    if (workflowId !== undefined) {
      await this.approvals.assertWorkflow(await this.views.of(request), workflowId);
    }
    const requested = await this.commands.send(request, RequestApproval, body);
    reply.header('location', `/${API}/approvals/${requested.approvalId}`);
    return requested;
  }

  @Get()
  @Operation({
    summary: 'List approvals',
    query: ApprovalsParameters,
    reply: ApprovalsPage,
    errors: { 400: ['approval.takes-a-person'], 403: ['approval.not-your-list'] },
  })
  async list(@Req() request: FastifyRequest) {
    const parameters = parseQuery(ApprovalsParameters, request.query);
    const view = await this.views.of(request);
    return this.approvals.list(view, parameters, this.directory.current, this.clock.now());
  }

  @Get(':approvalId')
  @Operation({
    summary: 'One approval: policy, stages, votes, comments, and what happened to it',
    query: NoParameters,
    reply: ApprovalDetail,
    errors: { 404: ['approval.not-found'] },
  })
  async get(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    parseQuery(NoParameters, request.query);
    return this.approvals.get(await this.views.of(request), approvalIn(id));
  }

  @Get(':approvalId/why')
  @Operation({
    summary: 'Why an approval stands where it does, and what the caller can do about it',
    description:
      'Answered by the rules that decide, with the directory as it is now: whom it waits for, who is kept out and by which rule, what happens when by itself. Nothing is written.',
    kind: 'question',
    query: NoParameters,
    reply: ExplainApproval.reply,
    errors: { 400: ['query.invalid'], 404: ['approval.not-found'] },
  })
  why(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    parseQuery(NoParameters, request.query);
    const approvalId = approvalIn(id);
    return this.commands.send(request, ExplainApproval, { approvalId });
  }
}
