import type { SignalByKey, SignalWorkflow, WorkflowReply } from '@countersign/contracts';
import { conflict, derivedId, hashOf, invalid } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { durationMs } from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { BusinessKeys } from '../business-key/business-keys.js';
import { receiveSignal } from './domain/signals.js';
import type { Signal } from './domain/state.js';
import { InstanceChanges } from './instance-changes.js';

type SignalBody = Omit<z.output<typeof SignalWorkflow.body>, 'workflowId'>;

/** Signals of this kind are the engine's own. */
const RESERVED = 'workflow.';
const ATTEMPTS = 5;

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
  ): Promise<WorkflowReply> {
    const signal = this.#signalOf(body, context);
    return this.instances.change(workflowId, context, (state, definition, cause) =>
      receiveSignal(state, signal, definition, cause),
    );
  }

  /**
   * To the instance that has a business key, or, while none has it, to the one that will have it first.
   *
   * @throws AppError `signal.reserved-name`, `conflict` `workflow.business-key-busy`, or what `receiveSignal` throws
   */
  async signalByKey(
    { template, businessKey, ...body }: z.output<typeof SignalByKey.body>,
    context: CommandContext,
  ): Promise<z.output<typeof SignalByKey.reply>> {
    const signal = this.#signalOf(body, context);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const holder = await this.businessKeys.holderOf(template, businessKey);
      if (holder !== undefined) {
        const command = { ...context, commandId: derivedId('signal', context.commandId, holder) };
        const { workflowId, position } = await this.instances.change(
          holder,
          { ...command, commandHash: hashOf(body) },
          (state, definition, cause) => receiveSignal(state, signal, definition, cause),
        );
        return { workflowId, position };
      }
      const position = await this.businessKeys.keep(template, businessKey, signal, context);
      if (position !== undefined) return { position };
    }
    throw conflict('workflow.business-key-busy', `${businessKey} keeps changing hands, try again`);
  }

  #signalOf({ name, payload, ttl }: SignalBody, context: CommandContext): Signal {
    if (name.startsWith(RESERVED)) {
      throw invalid('signal.reserved-name', `signals called ${RESERVED}… come from workflows only`);
    }
    const { now } = this.instances.causeOf(context);
    const expiresAt = new Date(now.getTime() + durationMs(ttl)).toISOString();
    const { id, roles, groups } = context.actor;
    return {
      signalId: derivedId('signal', context.commandId),
      name,
      payload,
      expiresAt,
      editors: [id],
      sender: { id, roles, groups },
    };
  }
}
