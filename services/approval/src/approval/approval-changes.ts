import { EventStore } from '@countersign/event-store';
import { Clock } from '@countersign/kernel';
import { type CommandContext, EventOffers } from '@countersign/messaging';
import { DirectoryReader, latestPosition, type Outcome } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

import { Approvals } from './approvals.js';
import type { Events, Moment } from './domain/draft.js';
import type { ApprovalState } from './domain/state.js';

type Decide = (state: ApprovalState, moment: Moment) => Events;

/** The way of every change of an approval: decided with the directory as it is then, stored, and offered to who reacts. */
@Injectable()
export class ApprovalChanges {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(EventOffers) private readonly offers: EventOffers,
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * @param fresh expects an approval that does not exist yet and saves looking for it.
   * @returns with the position of what followed, too. @throws AppError what `decide` and `AggregateStore` throw
   */
  async change(
    approvalId: string,
    context: CommandContext,
    decide: Decide,
    { fresh = false }: { readonly fresh?: boolean } = {},
  ): Promise<Outcome<ApprovalState>> {
    const outcome = await this.approvals.execute(
      Approvals.streamOf(approvalId),
      context,
      async (state) => decide(state, await this.moment()),
      { fresh },
    );
    const followed = await this.offers.offer(outcome.events);
    return { ...outcome, position: latestPosition(this.store, outcome.position, followed) };
  }

  /** Now, with everybody as the directory has them now. */
  async moment(): Promise<Moment> {
    return { now: this.clock.now(), organisation: await this.directory.load() };
  }
}
