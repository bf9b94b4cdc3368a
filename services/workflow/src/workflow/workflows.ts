import type { WorkflowEvent } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { Clock, streamName } from '@countersign/kernel';
import { AggregateStore } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

import { workflowAggregate, type WorkflowState } from './domain/state.js';

/** All workflow instances. */
@Injectable()
export class Workflows extends AggregateStore<WorkflowState, WorkflowEvent> {
  constructor(@Inject(EventStore) store: EventStore, @Inject(Clock) clock: Clock) {
    super(store, clock, workflowAggregate);
  }

  static streamOf(workflowId: string): string {
    return streamName(workflowAggregate.category, workflowId);
  }
}
