import type { ApprovalEvent } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { Clock, streamName } from '@countersign/kernel';
import { AggregateStore } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

import { approvalAggregate, type ApprovalState } from './domain/state.js';

/** All approvals. */
@Injectable()
export class Approvals extends AggregateStore<ApprovalState, ApprovalEvent> {
  constructor(@Inject(EventStore) store: EventStore, @Inject(Clock) clock: Clock) {
    super(store, clock, approvalAggregate);
  }

  static streamOf(approvalId: string): string {
    return streamName(approvalAggregate.category, approvalId);
  }
}
