import type { BulkJobEvent } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { Clock, streamName } from '@countersign/kernel';
import { AggregateStore } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

import { bulkJobAggregate, type BulkJobState } from './domain/state.js';

/** Folded states that are kept: a job of 10,000 items takes some megabytes. */
const KEPT = 20;

/** All bulk jobs. */
@Injectable()
export class BulkJobs extends AggregateStore<BulkJobState, BulkJobEvent> {
  constructor(@Inject(EventStore) store: EventStore, @Inject(Clock) clock: Clock) {
    super(store, clock, bulkJobAggregate, KEPT);
  }

  static streamOf(jobId: string): string {
    return streamName(bulkJobAggregate.category, jobId);
  }
}
