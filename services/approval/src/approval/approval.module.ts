import { ServiceModule } from '@countersign/service-kit';
import { Module } from '@nestjs/common';

import { ApprovalController } from './approval.controller.js';
import { ApprovalHandler } from './approval.handler.js';
import { Approvals } from './approvals.js';

@Module({
  imports: [ServiceModule.named('approval')],
  providers: [Approvals, ApprovalHandler, ApprovalController],
})
export class ApprovalModule {}
