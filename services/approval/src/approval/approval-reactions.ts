import type {
  BulkJobApprovalRequested,
  BulkJobEnded,
  WorkflowApprovalAbandoned,
  WorkflowCancelled,
  WorkflowEscalated,
  WorkflowInterventionRequested,
  WorkflowPaused,
  WorkflowResumed,
  WorkflowTransitionRequested,
} from '@countersign/contracts';
import { conflict } from '@countersign/kernel';
import type { ObservedEvent } from '@countersign/messaging';
import { reactionContext } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { ApprovalChanges } from './approval-changes.js';
import { Approvals } from './approvals.js';
import { freezeDeadlines, resumeDeadlines } from './domain/deadlines.js';
import type { Events, Moment } from './domain/draft.js';
import { cancelApproval } from './domain/ending.js';
import { escalateForWorkflow } from './domain/escalate.js';
import { requestApproval } from './domain/request.js';
import type { ApprovalState } from './domain/state.js';

type Observed<T extends { schema: z.ZodType }> = ObservedEvent<z.output<T['schema']>>;

/** What approvals learn of the workflows and jobs that wait for them. */
@Injectable()
export class ApprovalReactions {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(ApprovalChanges) private readonly changes: ApprovalChanges,
  ) {}

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

  /** A workflow or job ended or moved on, and what it waited for is no longer needed. */
  cancelFor(
    event: Observed<
      typeof WorkflowCancelled | typeof WorkflowApprovalAbandoned | typeof BulkJobEnded
    >,
  ): Promise<string | undefined> {
    const { reason = 'no longer needed' } = event.data;
    return this.#change(event, (state) => cancelApproval(state, reason));
  }

  pauseFor(event: Observed<typeof WorkflowPaused>): Promise<string | undefined> {
    return this.#change(event, (state, { now }) => freezeDeadlines(state, now));
  }

  resumeFor(event: Observed<typeof WorkflowResumed>): Promise<string | undefined> {
    return this.#change(event, (state, { now }) => resumeDeadlines(state, now));
  }

  /** The time of the whole workflow is up. */
  escalateFor(event: Observed<typeof WorkflowEscalated>): Promise<string | undefined> {
    const { administrators = [] } = event.data;
    return this.#change(event, (state, moment) =>
      escalateForWorkflow(state, administrators, moment),
    );
  }

  async #open(event: ObservedEvent, asked: Parameters<typeof requestApproval>[1]): Promise<string> {
    const context = reactionContext('approval', event);
    const { approvalId } = asked;
    const done = this.approvals.doneAt(Approvals.streamOf(approvalId), context.commandId);
    if (done !== undefined) return done;
    const { position } = await this.changes.change(
      approvalId,
      context,
      (state, moment) => requestApproval(state, asked, moment),
      { fresh: true },
    );
    return position;
  }

  async #change(
    event: ObservedEvent<{ readonly approvalId?: string | undefined }>,
    decide: (state: ApprovalState, moment: Moment) => Events,
  ): Promise<string | undefined> {
    const { approvalId } = event.data;
    if (approvalId === undefined) return undefined;
    const context = reactionContext('approval', event);
    const { position } = await this.changes.change(approvalId, context, (state, moment) => {
      // The request may still be on its way: come again when it is there.
      if (!state.exists) throw conflict('approval.not-found', 'not requested yet');
      return decide(state, moment);
    });
    return position;
  }
}
