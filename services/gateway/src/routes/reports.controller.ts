import { Clock } from '@countersign/kernel';
import { DirectoryReader } from '@countersign/service-kit';
import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Operation } from '../documents/operation.js';
import { ApprovalReportParameters, ApprovalReportQuery } from '../queries/approval-report.query.js';
import { ApprovalReport } from '../queries/approval-report.replies.js';
import { parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { API } from './api-path.js';

@Controller(`${API}/reports`)
export class ReportsController {
  constructor(
    @Inject(ReadViews) private readonly views: ReadViews,
    @Inject(ApprovalReportQuery) private readonly approvalReport: ApprovalReportQuery,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get('approvals')
  @Operation({
    summary: 'How approvals were decided, and what an auditor looks at twice',
    description:
      'Over what happened in the range: requests made, decisions given, outcomes reached in it. Decisions that were revoked or made void do not count. Takes a member of the group `auditors` or `workflow-admins`. All of it is of one moment; a list shows 100 items, the newest or largest first, and `total` says how many there are.',
    query: ApprovalReportParameters,
    reply: ApprovalReport,
    errors: {
      400: ['report.bad-range'],
      403: ['report.not-allowed'],
      422: ['report.too-large'],
    },
  })
  async approvals(@Req() request: FastifyRequest) {
    const parameters = parseQuery(ApprovalReportParameters, request.query);
    const view = await this.views.of(request);
    return this.approvalReport.report(view, parameters, this.directory.current, this.clock.now());
  }
}
