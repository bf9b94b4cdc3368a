import { Module } from '@nestjs/common';

import { ApprovalModule } from './approval/approval.module.js';

/** The approval service: who may approve what, and what came of it. */
@Module({ imports: [ApprovalModule] })
export class ApprovalServiceModule {}
