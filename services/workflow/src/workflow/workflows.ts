import type { WorkflowEvent } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { Clock, streamName } from '@countersign/kernel';
import { AggregateStore } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

import { type ExistingWorkflow, workflowAggregate, type WorkflowState } from './domain/state.js';

/** All workflow instances. */
@Injectable()
export class Workflows extends AggregateStore<WorkflowState, WorkflowEvent> {
  constructor(@Inject(EventStore) store: EventStore, @Inject(Clock) clock: Clock) {
    super(store, clock, workflowAggregate);
  }

  /** The instance as it last was, at rest, where a condition holds of it. */
  async lastAt(
    workflowId: string,
    isWanted: (past: ExistingWorkflow) => boolean,
  ): Promise<ExistingWorkflow | undefined> {
    const history = await this.history(Workflows.streamOf(workflowId));
    return history.filter((past) => past.kind === 'existing').findLast((past) => isWanted(past));
  }

  static streamOf(workflowId: string): string {
    return streamName(workflowAggregate.category, workflowId);
  }
}
