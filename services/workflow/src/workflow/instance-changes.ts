import type { WorkflowEvent, WorkflowReply } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { Clock } from '@countersign/kernel';
import { type CommandContext, EventOffers } from '@countersign/messaging';
import { DirectoryReader, latestPosition, type Outcome } from '@countersign/service-kit';
import type { CompiledDefinition } from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';

import { Definitions } from '../definition/definitions.js';
import { TimerHints } from '../timer/timer-hints.js';
import type { Cause } from './domain/draft.js';
import { existing, type ExistingWorkflow, type WorkflowState } from './domain/state.js';
import { Workflows } from './workflows.js';

type Decide = (
  state: WorkflowState,
  definition: CompiledDefinition,
  cause: Cause,
) => readonly WorkflowEvent[] | Promise<readonly WorkflowEvent[]>;

/** The way of every change to an instance: decided by its definition, appended, offered to whom it concerns. */
@Injectable()
export class InstanceChanges {
  constructor(
    @Inject(Workflows) private readonly workflows: Workflows,
    @Inject(Definitions) private readonly definitions: Definitions,
    @Inject(EventOffers) private readonly offers: EventOffers,
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(TimerHints) private readonly hints: TimerHints,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
  ) {}

  /** On whose account a command is carried out, when, and in the organisation as it is known here. */
  causeOf(context: CommandContext, now: Date = this.clock.now()): Cause {
    return { requester: context.actor.id, now, organisation: this.directory.current };
  }

  /**
   * @param now the time that the decision goes by; the clock's when absent
   * @throws AppError `workflow.not-found`, or what `decide` throws
   */
  async change(
    workflowId: string,
    context: CommandContext,
    decide: Decide,
    now?: Date,
  ): Promise<WorkflowReply> {
    return this.reply(await this.outcome(workflowId, context, decide, now));
  }

  /** As `change`, with all that it led to; the reply is still to be made. */
  outcome(
    workflowId: string,
    context: CommandContext,
    decide: Decide,
    now?: Date,
  ): Promise<Outcome<WorkflowState>> {
    const cause = this.causeOf(context, now);
    return this.workflows.execute(Workflows.streamOf(workflowId), context, async (state) => {
      const definition = await this.definitions.compiled(existing(state).definitionHash);
      return decide(state, definition, cause);
    });
  }

  /** Waits for what other services do about it, so that the position covers that too. */
  async reply({ state, position, events }: Outcome<WorkflowState>): Promise<WorkflowReply> {
    this.hints.note(events);
    const followed = await this.offers.offer(events);
    const { identity, status, state: at, pending, intervention, incidents } = existing(state);
    const approvalId = intervention?.approvalId ?? pending?.approvalId;
    return {
      workflowId: identity.workflowId,
      status,
      state: at,
      ...(approvalId === undefined ? {} : { approvalId }),
      ...(incidents.length === 0 ? {} : { incidents: incidents.map(shown) }),
      position: latestPosition(this.store, position, followed),
    };
  }
}

function shown({ incidentId, code, message }: ExistingWorkflow['incidents'][number]) {
  return { incidentId, code, message };
}
