import type {
  SignalByKey,
  SignalReply,
  SignalWorkflow,
  WithdrawSignal,
  WorkflowReply,
} from '@countersign/contracts';
import { AppError, conflict, derivedId, hashOf } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { durationMs } from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import pRetry from 'p-retry';
import type { z } from 'zod';

import { BusinessKeys } from '../business-key/business-keys.js';
import { fateOf, mustBeUnreserved, receiveSignal, withdrawSignal } from './domain/signals.js';
import type { Signal } from './domain/state.js';
import { InstanceChanges } from './instance-changes.js';

type SignalBody = Omit<z.output<typeof SignalWorkflow.body>, 'workflowId'>;

/** How often it is tried again while a key is just being started or changes hands, and milliseconds between: a second and a half. */
const WHILE_BUSY = { retries: 6, minTimeout: 25, maxTimeout: 400 } as const;
const BUSY = 'workflow.business-key-busy';
/** Refusals that trying again does not change. */
const LASTING = new Set(['rule', 'forbidden', 'invalid']);

/** Signals from outside, to an instance or to a business key. */
@Injectable()
export class SignalsHandler {
  constructor(
    @Inject(InstanceChanges) private readonly instances: InstanceChanges,
    @Inject(BusinessKeys) private readonly businessKeys: BusinessKeys,
  ) {}

  /** @throws AppError `signal.reserved-name`, or what `receiveSignal` throws */
  signal(
    { workflowId, ...body }: z.output<typeof SignalWorkflow.body>,
    context: CommandContext,
  ): Promise<SignalReply> {
    return this.#tell(workflowId, this.#signalOf(body, context), context);
  }

  /** @throws AppError as `withdrawSignal` */
  withdraw(
    { workflowId, signalId }: z.output<typeof WithdrawSignal.body>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.instances.change(workflowId, context, (state, definition, cause) =>
      withdrawSignal(state, signalId, definition, context.actor, cause),
    );
  }

  async #tell(workflowId: string, signal: Signal, context: CommandContext): Promise<SignalReply> {
    const outcome = await this.instances.outcome(workflowId, context, (state, definition, cause) =>
      receiveSignal(state, signal, definition, cause),
    );
    const { signalId } = signal;
    const fate = fateOf(signalId, outcome.state, outcome.events);
    return { ...(await this.instances.reply(outcome)), signalId, outcome: fate };
  }

  /**
   * To all instances that share a business key, or, while none has it, to the one that will have it first. One whose version
   * does not take it is passed over, unless none does.
   *
   * @throws AppError `signal.reserved-name`, `conflict` `workflow.business-key-busy`, or what `receiveSignal` throws
   */
  signalByKey(
    { template, businessKey, ...body }: z.output<typeof SignalByKey.body>,
    context: CommandContext,
  ): Promise<z.output<typeof SignalByKey.reply>> {
    const signal = this.#signalOf(body, context);
    const key = { template, businessKey };
    const attempt = async () => {
      const holders = await this.businessKeys.holdersOf(key);
      if (holders.length > 0) return this.#tellAll(holders, signal, hashOf(body), context);
      const position = await this.businessKeys.keep(key, signal, context);
      if (position === undefined) throw conflict(BUSY, `${businessKey} keeps changing hands`);
      return { signalId: signal.signalId, outcome: 'kept' as const, position };
    };
    return pRetry(attempt, {
      ...WHILE_BUSY,
      shouldRetry: ({ error }) => error instanceof AppError && error.code === BUSY,
    });
  }

  /** Each by a command of its own, so that whoever tries again tells nobody twice. */
  async #tellAll(
    holders: readonly string[],
    signal: Signal,
    commandHash: string,
    context: CommandContext,
  ): Promise<z.output<typeof SignalByKey.reply>> {
    const told: SignalReply[] = [];
    let refusal: AppError | undefined;
    for (const holder of holders) {
      const commandId = derivedId('signal', context.commandId, holder);
      try {
        told.push(await this.#tell(holder, signal, { ...context, commandId, commandHash }));
      } catch (error) {
        if (!(error instanceof AppError) || !LASTING.has(error.kind)) throw error;
        refusal = error;
      }
    }
    const latest = told.at(-1);
    if (!latest) throw refusal ?? new Error('there was nobody to tell');
    const { workflowId, signalId, position } = latest;
    const outcome = told.find((each) => each.outcome === 'taken')?.outcome ?? latest.outcome;
    const several = holders.length > 1 ? { workflowIds: told.map((each) => each.workflowId) } : {};
    return { workflowId, ...several, signalId, outcome, position };
  }

  #signalOf({ name, payload, ttl }: SignalBody, context: CommandContext): Signal {
    mustBeUnreserved(name);
    const { now } = this.instances.causeOf(context);
    const expiresAt = new Date(now.getTime() + durationMs(ttl)).toISOString();
    const { id, roles, groups } = context.actor;
    return {
      signalId: derivedId('signal', context.commandId),
      name,
      payload,
      sentAt: now.toISOString(),
      expiresAt,
      editors: [id],
      sender: { id, roles, groups },
    };
  }
}
