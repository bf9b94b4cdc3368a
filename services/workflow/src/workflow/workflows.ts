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

  /** The instance as it was when it last came to where a condition holds of it. */
  async lastAt(
    workflowId: string,
    isWanted: (past: ExistingWorkflow) => boolean,
  ): Promise<ExistingWorkflow | undefined> {
    let state = workflowAggregate.initialState;
    let found: ExistingWorkflow | undefined;
    for (const event of await this.eventsOf(Workflows.streamOf(workflowId))) {
      state = workflowAggregate.evolve(state, event);
      if (state.kind === 'existing' && isWanted(state)) found = state;
    }
    return found;
  }

  static streamOf(workflowId: string): string {
    return streamName(workflowAggregate.category, workflowId);
  }
}
