import type { BusinessKeyEvent } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import {
  type Aggregate,
  Clock,
  conflict,
  derivedId,
  hashOf,
  rule,
  streamName,
  systemActor,
} from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { AggregateStore } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

import { abandonStart } from '../workflow/domain/decider.js';
import { isRunning, type WorkflowState } from '../workflow/domain/state.js';
import { Workflows } from '../workflow/workflows.js';

/** How long a start may take between reserving its key and existing. */
const START_GRACE_MS = 15_000;

interface Reservation {
  readonly workflowId: string;
  readonly reservedAt: string;
}

const businessKeyAggregate: Aggregate<Reservation | undefined, BusinessKeyEvent> = {
  category: 'businesskey',
  initialState: undefined,
  evolve: (_, { data }) => ({ workflowId: data.workflowId, reservedAt: data.reservedAt }),
};

/**
 * Keeps business keys unique per template while their workflow runs, by a reservation stream for each
 * key. A reservation is not given back: whoever wants the key looks whether its holder has ended.
 */
@Injectable()
export class BusinessKeys {
  readonly #reservations: AggregateStore<Reservation | undefined, BusinessKeyEvent>;

  constructor(
    @Inject(EventStore) store: EventStore,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Workflows) private readonly workflows: Workflows,
  ) {
    this.#reservations = new AggregateStore(store, clock, businessKeyAggregate);
  }

  /**
   * Reserves a key for a workflow that is about to start.
   *
   * @throws AppError `workflow.business-key-taken` with the holder's id in `details.workflowId`, or
   * `conflict` `workflow.business-key-busy` while another start with it is under way.
   */
  async reserve(
    template: string,
    businessKey: string,
    workflowId: string,
    context: CommandContext,
  ): Promise<void> {
    const id = derivedId('business key', template, businessKey);
    const stream = streamName(businessKeyAggregate.category, id);
    await this.#reservations.execute(stream, context, async (held) => {
      if (held?.workflowId === workflowId) return [];
      if (held) await this.#mustBeFree(held, template, businessKey, context);
      const reservedAt = this.clock.timestamp();
      const data = { template, businessKey, workflowId, reservedAt };
      return [{ type: 'businesskey.reserved', data }];
    });
  }

  /** The running workflow that a key belongs to, if there is one. */
  async holder(template: string, businessKey: string): Promise<string | undefined> {
    const id = derivedId('business key', template, businessKey);
    const held = await this.#reservations.load(streamName(businessKeyAggregate.category, id));
    if (!held) return undefined;
    const holder = await this.workflows.load(Workflows.streamOf(held.workflowId));
    return isHolding(holder, template, businessKey) ? held.workflowId : undefined;
  }

  async #mustBeFree(
    { workflowId, reservedAt }: Reservation,
    template: string,
    businessKey: string,
    context: CommandContext,
  ): Promise<void> {
    const holder = await this.workflows.load(Workflows.streamOf(workflowId));
    if (holder.kind === 'abandoned') return;
    if (holder.kind === 'existing') {
      if (!isHolding(holder, template, businessKey)) return;
      throw rule('workflow.business-key-taken', `${businessKey} belongs to a running workflow`, {
        details: { workflowId, businessKey },
      });
    }
    const age = this.clock.now().getTime() - new Date(reservedAt).getTime();
    if (age < START_GRACE_MS) {
      throw conflict('workflow.business-key-busy', `${businessKey} is just being started`);
    }
    // Its start was lost. Close its stream first, so that a late start cannot make two of them.
    const commandId = derivedId('abandon', workflowId, context.commandId);
    await this.workflows.execute(
      Workflows.streamOf(workflowId),
      { ...context, commandId, commandHash: hashOf(workflowId), actor: systemActor('workflow') },
      (state) => {
        if (state.kind === 'existing') {
          throw conflict('workflow.business-key-busy', `${businessKey} has just been started`);
        }
        return abandonStart(state, workflowId, 'its start was lost; the key went to another');
      },
    );
  }
}

/** A start that was refused in the end may have reserved a key for a workflow that has another. */
function isHolding(holder: WorkflowState, template: string, businessKey: string): boolean {
  if (holder.kind !== 'existing' || !isRunning(holder)) return false;
  return holder.identity.businessKey === businessKey && holder.identity.template === template;
}
