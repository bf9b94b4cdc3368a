import { ServiceModule } from '@countersign/service-kit';
import { Module } from '@nestjs/common';

import { DecisionJobController } from '../decision-job/decision-job.controller.js';
import { DecisionJobRunner } from '../decision-job/decision-job.runner.js';
import { DecisionJobs } from '../decision-job/decision-jobs.js';
import { DirectoryController } from '../directory/directory.controller.js';
import { DirectoryHandler } from '../directory/directory.handler.js';
import { DirectoryModule } from '../directory/directory.module.js';
import { ApprovalChanges } from './approval-changes.js';
import { ApprovalController } from './approval.controller.js';
import { ApprovalDeadlines } from './approval-deadlines.js';
import { ApprovalHandler } from './approval.handler.js';
import { ApprovalReactions } from './approval-reactions.js';
import { Approvals } from './approvals.js';

@Module({
  imports: [ServiceModule.named('approval'), DirectoryModule],
  providers: [
    DirectoryHandler,
    DirectoryController,
    Approvals,
    ApprovalChanges,
    ApprovalHandler,
    ApprovalReactions,
    ApprovalDeadlines,
    ApprovalController,
    DecisionJobs,
    DecisionJobRunner,
    DecisionJobController,
  ],
})
export class ApprovalModule {}
