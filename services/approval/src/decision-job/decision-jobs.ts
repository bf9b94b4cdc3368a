import type { DecisionJobEvent } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { Clock, streamName } from '@countersign/kernel';
import { AggregateStore } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

import { decisionJobAggregate, type DecisionJobState } from './domain/state.js';

/** All jobs that decide many approvals. */
@Injectable()
export class DecisionJobs extends AggregateStore<DecisionJobState, DecisionJobEvent> {
  constructor(@Inject(EventStore) store: EventStore, @Inject(Clock) clock: Clock) {
    super(store, clock, decisionJobAggregate);
  }

  static streamOf(jobId: string): string {
    return streamName(decisionJobAggregate.category, jobId);
  }
}
