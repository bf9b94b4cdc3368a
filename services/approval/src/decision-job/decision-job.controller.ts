import { StartBulkDecision } from '@countersign/contracts';
import { derivedId } from '@countersign/kernel';
import { EventOffers } from '@countersign/messaging';
import { ServiceRuntime } from '@countersign/service-kit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';

import { DecisionJobRunner } from './decision-job.runner.js';
import { DecisionJobs } from './decision-jobs.js';
import { createDecisionJob } from './domain/decider.js';

/** Takes jobs that decide many approvals. */
@Injectable()
export class DecisionJobController implements OnModuleInit {
  constructor(
    @Inject(ServiceRuntime) private readonly runtime: ServiceRuntime,
    @Inject(DecisionJobs) private readonly jobs: DecisionJobs,
    @Inject(DecisionJobRunner) private readonly runner: DecisionJobRunner,
    @Inject(EventOffers) private readonly offers: EventOffers,
  ) {}

  onModuleInit(): void {
    this.runtime.commands.serve(StartBulkDecision, async (body, context) => {
      const jobId = derivedId('decision job', context.commandId);
      const { position, events } = await this.jobs.execute(
        DecisionJobs.streamOf(jobId),
        context,
        (state) => createDecisionJob(state, jobId, body, context.actor),
      );
      await this.offers.offer(events);
      this.runner.wake(jobId);
      return { jobId, items: body.items.length, position };
    });
  }
}
