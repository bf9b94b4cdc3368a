import type {
  BulkJobApprovalRequested,
  BulkJobEnded,
  DecideApproval,
  WorkflowApprovalAbandoned,
  WorkflowCancelled,
  WorkflowInterventionRequested,
  WorkflowTransitionRequested,
} from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { conflict, derivedId, streamName } from '@countersign/kernel';
import { type CommandContext, EventOffers, type ObservedEvent } from '@countersign/messaging';
import { latestPosition, type Outcome, reactionContext } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { Approvals } from './approvals.js';
import {
  approversOf,
  decideApproval,
  requestApproval,
  withdrawApproval,
} from './domain/decider.js';
import { approvalAggregate, type ApprovalState } from './domain/state.js';

const streamOf = (approvalId: string): string => streamName(approvalAggregate.category, approvalId);

type Observed<T extends { schema: z.ZodType }> = ObservedEvent<z.output<T['schema']>>;

/** The approval service's use cases. */
@Injectable()
export class ApprovalHandler {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(EventOffers) private readonly offers: EventOffers,
    @Inject(EventStore) private readonly store: EventStore,
  ) {}

  /** A person's vote. */
  async decide(
    body: z.output<typeof DecideApproval.body>,
    context: CommandContext,
  ): Promise<z.output<typeof DecideApproval.reply>> {
    const { approvalId, ...vote } = body;
    const decisionId = derivedId('decision', context.commandId);
    const outcome = await this.approvals.execute(streamOf(approvalId), context, (state) =>
      decideApproval(state, { decisionId, ...vote }, context.actor),
    );
    const position = await this.#positionWithReactions(outcome);
    const { state } = outcome;
    if (!state.exists) throw new Error(`${approvalId}: decided, but does not exist`);
    return {
      approvalId,
      decisionId,
      status: state.status,
      approvals: approversOf(state).length,
      required: state.request.required,
      position,
    };
  }

  /** A workflow waits for an approval. */
  openFor(
    event: Observed<typeof WorkflowTransitionRequested | typeof WorkflowInterventionRequested>,
  ): Promise<string> {
    return this.#open(event, event.data);
  }

  /** A bulk job waits for one. */
  openForJob(event: Observed<typeof BulkJobApprovalRequested>): Promise<string> {
    return this.#open(event, { ...event.data, bulkJobId: event.data.jobId });
  }

  async #open(event: ObservedEvent, asked: Parameters<typeof requestApproval>[1]): Promise<string> {
    const context = reactionContext('approval', event);
    const stream = streamOf(asked.approvalId);
    const done = this.approvals.doneAt(stream, context.commandId);
    if (done !== undefined) return done;
    const outcome = await this.approvals.execute(
      stream,
      context,
      (state) => requestApproval(state, asked),
      { fresh: true },
    );
    return this.#positionWithReactions(outcome);
  }

  /** A workflow or job ended, and what it waited for is no longer needed. */
  async withdrawFor(
    event: Observed<
      typeof WorkflowCancelled | typeof WorkflowApprovalAbandoned | typeof BulkJobEnded
    >,
  ): Promise<string | undefined> {
    const { approvalId, reason = 'no longer needed' } = event.data;
    if (approvalId === undefined) return undefined;
    const outcome = await this.approvals.execute(
      streamOf(approvalId),
      reactionContext('approval', event),
      (state) => {
        // The request may still be on its way: come again when it is there.
        if (!state.exists) throw conflict('approval.not-found', 'not requested yet');
        return withdrawApproval(state, reason);
      },
    );
    return outcome.position;
  }

  async #positionWithReactions(outcome: Outcome<ApprovalState>): Promise<string> {
    const followed = await this.offers.offer(outcome.events);
    return latestPosition(this.store, outcome.position, followed);
  }
}
