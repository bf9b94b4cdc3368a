import { CreateBulkJob, PreviewBulkJob, StopBulkJob } from '@countersign/contracts';
import { ServiceRuntime } from '@countersign/service-kit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';

import { BulkJobHandler } from './bulk-job.handler.js';

/** What the workflow service takes from the bus about bulk jobs. */
@Injectable()
export class BulkJobController implements OnModuleInit {
  constructor(
    @Inject(ServiceRuntime) private readonly runtime: ServiceRuntime,
    @Inject(BulkJobHandler) private readonly handler: BulkJobHandler,
  ) {}

  onModuleInit(): void {
    const { handler } = this;
    const { commands } = this.runtime;
    commands.serve(PreviewBulkJob, (body) => handler.preview(body));
    commands.serve(CreateBulkJob, (body, context) => handler.create(body, context));
    commands.serve(StopBulkJob, (body, context) => handler.stop(body, context));
  }
}
