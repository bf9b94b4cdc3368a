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

import { Definitions } from '../definition/definitions.js';
import { abandonStart } from '../workflow/domain/decider.js';
import { mustHaveRoom, mustTakeSignal } from '../workflow/domain/signals.js';
import { type ExistingWorkflow, isRunning, type Signal } from '../workflow/domain/state.js';
import { Workflows } from '../workflow/workflows.js';

/** How long a start may take between reserving its key and existing. */
const START_GRACE_MS = 15_000;

interface Holder {
  readonly workflowId: string;
  readonly reservedAt: string;
}

interface Reservation {
  readonly holder?: Holder;
  /** Signals that came while nobody had the key. */
  readonly kept: readonly Signal[];
  /** Those of them that the holder starts with. */
  readonly claimed: readonly Signal[];
}

const businessKeyAggregate: Aggregate<Reservation, BusinessKeyEvent> = {
  category: 'businesskey',
  initialState: { kept: [], claimed: [] },
  evolve(state, event) {
    if (event.type === 'businesskey.signal-kept') {
      return { ...state, kept: [...state.kept, event.data] };
    }
    const { workflowId, reservedAt } = event.data;
    return { holder: { workflowId, reservedAt }, kept: [], claimed: state.kept };
  },
};

/**
 * Keeps business keys unique per template while their workflow runs, by a reservation stream for each
 * key. A reservation is not given back: whoever wants the key looks whether its holder has ended.
 */
@Injectable()
export class BusinessKeys {
  readonly #reservations: AggregateStore<Reservation, BusinessKeyEvent>;

  constructor(
    @Inject(EventStore) store: EventStore,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Workflows) private readonly workflows: Workflows,
    @Inject(Definitions) private readonly definitions: Definitions,
  ) {
    this.#reservations = new AggregateStore(store, clock, businessKeyAggregate);
  }

  /**
   * Reserves a key for a workflow that is about to start, and answers the signals that have waited for it.
   *
   * @throws AppError `workflow.business-key-taken` with the holder's id in `details.workflowId`, or
   * `conflict` `workflow.business-key-busy` while another start with it is under way.
   */
  async reserve(
    template: string,
    businessKey: string,
    workflowId: string,
    context: CommandContext,
  ): Promise<readonly Signal[]> {
    const stream = streamOf(template, businessKey);
    const { state } = await this.#reservations.execute(stream, context, async (held) => {
      if (held.holder?.workflowId === workflowId) return [];
      const begun =
        held.holder && (await this.#mustBeFree(held.holder, template, businessKey, context));
      const reservedAt = this.clock.timestamp();
      const data = { template, businessKey, workflowId, reservedAt };
      // What a start that was lost had claimed is the next one's.
      const again = begun === false ? held.claimed : [];
      return [
        ...again.map((signal) => kept(template, businessKey, signal)),
        { type: 'businesskey.reserved' as const, data },
      ];
    });
    return state.claimed;
  }

  /** The running workflow that has a key. @throws AppError `conflict` `workflow.business-key-busy` while one is started */
  async holderOf(template: string, businessKey: string): Promise<string | undefined> {
    const { holder } = await this.#reservations.load(streamOf(template, businessKey));
    if (!holder) return undefined;
    const workflow = await this.workflows.load(Workflows.streamOf(holder.workflowId));
    if (workflow.kind === 'existing') {
      return isRunning(workflow) && hasKey(workflow, template, businessKey)
        ? holder.workflowId
        : undefined;
    }
    if (workflow.kind === 'none' && this.#ageOf(holder) < START_GRACE_MS) {
      throw conflict('workflow.business-key-busy', `${businessKey} is just being started`);
    }
    return undefined;
  }

  /**
   * Keeps a signal for the workflow that will have a key next. Undefined when one has taken the key meanwhile.
   *
   * @throws AppError as `mustTakeSignal`, by the version that would be started now; `signal.too-many`;
   *   `template.not-found`, `template.not-published`, `template.retired`
   */
  async keep(
    template: string,
    businessKey: string,
    signal: Signal,
    context: CommandContext,
  ): Promise<string | undefined> {
    const stream = streamOf(template, businessKey);
    const before = (await this.#reservations.load(stream)).holder?.workflowId;
    if ((await this.holderOf(template, businessKey)) !== undefined) return undefined;
    const { state, position } = await this.#reservations.execute(stream, context, async (held) => {
      if (held.holder?.workflowId !== before) return [];
      const { compiled } = await this.definitions.pin(template, undefined, undefined);
      mustTakeSignal(compiled, signal);
      mustHaveRoom(held.kept, signal, this.clock.now());
      return [kept(template, businessKey, signal)];
    });
    const { signalId } = signal;
    const isThere = [...state.kept, ...state.claimed].some((each) => each.signalId === signalId);
    return isThere ? position : undefined;
  }

  #ageOf({ reservedAt }: Holder): number {
    return this.clock.now().getTime() - new Date(reservedAt).getTime();
  }

  /** Answers whether the workflow that had the key has ever begun. */
  async #mustBeFree(
    holder: Holder,
    template: string,
    businessKey: string,
    context: CommandContext,
  ): Promise<boolean> {
    const { workflowId } = holder;
    const workflow = await this.workflows.load(Workflows.streamOf(workflowId));
    if (workflow.kind === 'abandoned') return false;
    if (workflow.kind === 'existing') {
      // A start that was refused in the end may have reserved a key for a workflow that has another.
      const isItsKey = hasKey(workflow, template, businessKey);
      if (!isRunning(workflow) || !isItsKey) return isItsKey;
      throw rule('workflow.business-key-taken', `${businessKey} belongs to a running workflow`, {
        details: { workflowId, businessKey },
      });
    }
    if (this.#ageOf(holder) < START_GRACE_MS) {
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
    return false;
  }
}

function streamOf(template: string, businessKey: string): string {
  const id = derivedId('business key', template, businessKey);
  return streamName(businessKeyAggregate.category, id);
}

function hasKey({ identity }: ExistingWorkflow, template: string, businessKey: string): boolean {
  return identity.businessKey === businessKey && identity.template === template;
}

function kept(template: string, businessKey: string, signal: Signal): BusinessKeyEvent {
  const { signalId, name, payload, expiresAt, editors = [], sender } = signal;
  const data = { template, businessKey, signalId, name, payload, expiresAt, editors };
  return {
    type: 'businesskey.signal-kept',
    data: { ...data, ...(sender === undefined ? {} : { sender }) },
  };
}
