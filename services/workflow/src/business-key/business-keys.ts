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

/** A business key, of which each template has its own. */
export interface Key {
  readonly template: string;
  readonly businessKey: string;
}

interface Holder {
  readonly workflowId: string;
  readonly reservedAt: string;
}

/** Instances that may share a key at a time, all of which a signal reaches. */
const MAX_SHARING = 100;

interface Reservation {
  /** Who has the key, and with whom it is shared, the latest last. They may have ended. */
  readonly holders: readonly Holder[];
  /** Signals that came while nobody had the key. */
  readonly kept: readonly Signal[];
  /** Those of them that the latest holder starts with. */
  readonly claimed: readonly Signal[];
}

const businessKeyAggregate: Aggregate<Reservation, BusinessKeyEvent> = {
  category: 'businesskey',
  initialState: { holders: [], kept: [], claimed: [] },
  evolve(state, event) {
    if (event.type === 'businesskey.signal-kept') {
      return { ...state, kept: [...state.kept, event.data] };
    }
    const { workflowId, reservedAt, sharedWith = [] } = event.data;
    const others = state.holders.filter((holder) => sharedWith.includes(holder.workflowId));
    return { holders: [...others, { workflowId, reservedAt }], kept: [], claimed: state.kept };
  },
};

/**
 * Keeps business keys unique per template while their workflow runs, by a reservation stream for each
 * key; whoever is told to may share one. A reservation is not given back: whoever wants the key looks
 * whether its holders have ended.
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
   * @param shared whether others that run may have it as well.
   * @throws AppError `workflow.business-key-taken` with the latest running holder's id in `details.workflowId`,
   *   `workflow.business-key-crowded` when a hundred share it, or `conflict` `workflow.business-key-busy` while another
   *   start with it is under way.
   */
  async reserve(
    of: Key,
    workflowId: string,
    shared: boolean,
    context: CommandContext,
  ): Promise<readonly Signal[]> {
    const { state } = await this.#reservations.execute(streamOf(of), context, async (held) => {
      if (held.holders.some((holder) => holder.workflowId === workflowId)) return [];
      const sharedWith = shared ? await this.#sharers(held, of) : [];
      const latest = held.holders.at(-1);
      let lost = false;
      if (latest && !shared) {
        lost = await this.#mustBeFree(held.holders, of, context);
      } else if (latest && held.claimed.length > 0) {
        lost = (await this.#fateOf(latest, of, context)) === 'lost';
      }
      const reservedAt = this.clock.timestamp();
      const share = sharedWith.length === 0 ? {} : { sharedWith };
      return [
        // What a start that was lost had claimed is the next one's.
        ...(lost ? held.claimed : []).map((signal) => kept(of, signal)),
        {
          type: 'businesskey.reserved' as const,
          data: { ...of, workflowId, reservedAt, ...share },
        },
      ];
    });
    return state.claimed;
  }

  /**
   * The running workflows that have a key, the latest last.
   *
   * @throws AppError `conflict` `workflow.business-key-busy` while one is started
   */
  async holdersOf(of: Key): Promise<readonly string[]> {
    const { holders } = await this.#reservations.load(streamOf(of));
    const running = await Promise.all(holders.map((holder) => this.#isRunning(holder, of)));
    return holders.flatMap(({ workflowId }, index) => (running[index] ? [workflowId] : []));
  }

  /**
   * Keeps a signal for the workflow that will have a key next. Undefined when one has taken the key meanwhile.
   *
   * @throws AppError as `mustTakeSignal`, by the version that would be started now; `signal.too-many`;
   *   `template.not-found`, `template.not-published`, `template.retired`
   */
  async keep(of: Key, signal: Signal, context: CommandContext): Promise<string | undefined> {
    const stream = streamOf(of);
    const before = (await this.#reservations.load(stream)).holders.at(-1)?.workflowId;
    if ((await this.holdersOf(of)).length > 0) return undefined;
    const { state, position } = await this.#reservations.execute(stream, context, async (held) => {
      if (held.holders.at(-1)?.workflowId !== before) return [];
      const { compiled } = await this.definitions.pin(of.template, undefined, undefined);
      mustTakeSignal(compiled, signal);
      mustHaveRoom(held.kept, signal, this.clock.now());
      return [kept(of, signal)];
    });
    const { signalId } = signal;
    const isThere = [...state.kept, ...state.claimed].some((each) => each.signalId === signalId);
    return isThere ? position : undefined;
  }

  #ageOf({ reservedAt }: Holder): number {
    return this.clock.now().getTime() - new Date(reservedAt).getTime();
  }

  /** Those that one more shares a key with; looked at only once there are many, so that most starts look at nothing. */
  async #sharers({ holders }: Reservation, of: Key): Promise<string[]> {
    const all = holders.map(({ workflowId }) => workflowId);
    if (all.length < MAX_SHARING) return all;
    const running = await this.holdersOf(of);
    if (running.length < MAX_SHARING) return [...running];
    throw rule('workflow.business-key-crowded', `${MAX_SHARING} workflows share ${of.businessKey}`);
  }

  async #isRunning(holder: Holder, of: Key): Promise<boolean> {
    const workflow = await this.workflows.load(Workflows.streamOf(holder.workflowId));
    if (workflow.kind === 'existing') return isRunning(workflow) && hasKey(workflow, of);
    if (workflow.kind === 'none' && this.#ageOf(holder) < START_GRACE_MS) throw justStarting(of);
    return false;
  }

  /** Answers whether the latest of the workflows that had the key has never begun. */
  async #mustBeFree(
    holders: readonly Holder[],
    of: Key,
    context: CommandContext,
  ): Promise<boolean> {
    let lost = false;
    for (const holder of holders) {
      const { workflowId } = holder;
      const fate = await this.#fateOf(holder, of, context);
      if (fate === 'running') {
        const { businessKey } = of;
        throw rule('workflow.business-key-taken', `${businessKey} belongs to a running workflow`, {
          details: { workflowId, businessKey },
        });
      }
      lost = fate === 'lost';
    }
    return lost;
  }

  /** What became of a start. One that never came to be is closed. */
  async #fateOf(
    holder: Holder,
    of: Key,
    context: CommandContext,
  ): Promise<'running' | 'ended' | 'lost'> {
    const { workflowId } = holder;
    const workflow = await this.workflows.load(Workflows.streamOf(workflowId));
    if (workflow.kind === 'abandoned') return 'lost';
    if (workflow.kind === 'existing') {
      // A start that was refused in the end may have reserved a key for a workflow that has another.
      if (!hasKey(workflow, of)) return 'lost';
      return isRunning(workflow) ? 'running' : 'ended';
    }
    if (this.#ageOf(holder) < START_GRACE_MS) throw justStarting(of);
    // Its start was lost. Close its stream first, so that a late start cannot make two of them.
    const commandId = derivedId('abandon', workflowId, context.commandId);
    await this.workflows.execute(
      Workflows.streamOf(workflowId),
      { ...context, commandId, commandHash: hashOf(workflowId), actor: systemActor('workflow') },
      (state) => {
        if (state.kind === 'existing') throw justStarting(of);
        return abandonStart(state, workflowId, 'its start was lost; the key went to another');
      },
    );
    return 'lost';
  }
}

function justStarting({ businessKey }: Key) {
  return conflict('workflow.business-key-busy', `${businessKey} is just being started`);
}

function streamOf({ template, businessKey }: Key): string {
  const id = derivedId('business key', template, businessKey);
  return streamName(businessKeyAggregate.category, id);
}

function hasKey({ identity }: ExistingWorkflow, { template, businessKey }: Key): boolean {
  return identity.businessKey === businessKey && identity.template === template;
}

function kept(
  { template, businessKey }: Key,
  { signalId, name, payload, sentAt, expiresAt, editors = [], sender }: Signal,
): BusinessKeyEvent {
  const data = { template, businessKey, signalId, name, payload, expiresAt, editors };
  return {
    type: 'businesskey.signal-kept',
    data: {
      ...data,
      ...(sentAt === undefined ? {} : { sentAt }),
      ...(sender === undefined ? {} : { sender }),
    },
  };
}
