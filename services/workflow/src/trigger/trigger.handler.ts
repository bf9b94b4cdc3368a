import {
  type DeleteTrigger,
  type FireBody,
  type FireTrigger,
  type PauseTrigger,
  type ResumeTrigger,
  type Trigger,
  type TriggerEvent,
  triggerIdOf,
  type TriggerReply,
} from '@countersign/contracts';
import { AppError, Clock, derivedId, hashOf, rule, systemActor } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import type { Outcome } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { WorkflowHandler } from '../workflow/workflow.handler.js';
import { mustBeAdmin } from './admins.js';
import {
  type CompiledManual,
  type CompiledTrigger,
  compileTrigger,
} from './domain/compiled-trigger.js';
import {
  createTrigger,
  deleteTrigger,
  pauseTrigger,
  present,
  registerBuiltIn,
  resumeTrigger,
} from './domain/decider.js';
import type { Firing } from './domain/firing-plan.js';
import type { TriggerState } from './domain/state.js';
import { Firings } from './firings.js';
import { TriggerTemplates } from './trigger-templates.js';
import { Triggers } from './triggers.js';

type BodyOf<Command extends { body: z.ZodType }> = z.output<Command['body']>;
type Decide = (state: TriggerState | undefined) => readonly TriggerEvent[];

/** What a start answers that is the last word on it. */
const REFUSALS = new Set(['invalid', 'rule', 'not-found', 'forbidden']);

/** What people do with triggers. */
@Injectable()
export class TriggerHandler {
  constructor(
    @Inject(Triggers) private readonly triggers: Triggers,
    @Inject(Firings) private readonly firings: Firings,
    @Inject(WorkflowHandler) private readonly workflows: WorkflowHandler,
    @Inject(TriggerTemplates) private readonly templates: TriggerTemplates,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * @throws AppError `trigger.not-allowed`, what `compileTrigger` and `TriggerTemplates.check` throw, `trigger.name-taken`.
   */
  async create(trigger: Trigger, context: CommandContext): Promise<TriggerReply> {
    mustBeAdmin(context.actor);
    const triggerId = triggerIdOf(trigger.name);
    const nextDue = this.#nextDue(compileTrigger(triggerId, trigger));
    await this.templates.check(trigger);
    return this.#change(triggerId, context, (state) =>
      createTrigger(state, { triggerId, trigger, nextDue }),
    );
  }

  /** Registers a trigger that comes with the product, once for each content. */
  async registerBuiltIn(trigger: Trigger): Promise<void> {
    const triggerId = triggerIdOf(trigger.name);
    const nextDue = this.#nextDue(compileTrigger(triggerId, trigger));
    const commandHash = hashOf(trigger);
    const commandId = derivedId('built-in trigger', commandHash);
    const ids = { commandId, correlationId: commandId, causationId: commandId };
    const context = { ...ids, commandHash, actor: systemActor('trigger') };
    await this.triggers.execute(triggerId, context, (state) =>
      registerBuiltIn(state, { triggerId, trigger, nextDue }),
    );
  }

  /** @throws AppError `trigger.not-allowed`, `trigger.not-found`, `trigger.not-active`. */
  pause({ triggerId, reason }: BodyOf<typeof PauseTrigger>, context: CommandContext) {
    mustBeAdmin(context.actor);
    return this.#change(triggerId, context, (state) => pauseTrigger(state, triggerId, reason));
  }

  /** @throws AppError `trigger.not-allowed`, `trigger.not-found`, `trigger.not-paused`. */
  resume({ triggerId, reason }: BodyOf<typeof ResumeTrigger>, context: CommandContext) {
    mustBeAdmin(context.actor);
    return this.#change(triggerId, context, (state) => {
      const nextDue = this.#nextDue(compileTrigger(triggerId, present(state).trigger));
      return resumeTrigger(state, triggerId, reason, nextDue);
    });
  }

  /** @throws AppError `trigger.not-allowed`, `trigger.not-found`. */
  delete({ triggerId, reason }: BodyOf<typeof DeleteTrigger>, context: CommandContext) {
    mustBeAdmin(context.actor);
    return this.#change(triggerId, context, (state) => deleteTrigger(state, triggerId, reason));
  }

  /**
   * Starts a workflow as whoever asks. That it was refused is on record.
   *
   * @throws AppError `trigger.not-found`, `trigger.not-manual`, `trigger.paused`, `trigger.mapping-failed`, and what a start throws.
   */
  async fire(
    { triggerId, fire }: BodyOf<typeof FireTrigger>,
    context: CommandContext,
  ): Promise<z.output<typeof FireTrigger.reply>> {
    const { trigger, status } = present(await this.triggers.load(triggerId));
    const compiled = compileTrigger(triggerId, trigger);
    if (compiled.type !== 'MANUAL') {
      throw rule('trigger.not-manual', `${trigger.name} is fired by itself, not by hand`);
    }
    if (status !== 'ACTIVE') throw rule('trigger.paused', `${trigger.name} is paused`);
    const started = await this.#startByHand(compiled, fire, context);
    const { workflowId, state, position } = started;
    return { triggerId, workflowId, status: started.status, state, position };
  }

  async #startByHand(compiled: CompiledManual, fire: FireBody, context: CommandContext) {
    const { template, name } = compiled.trigger;
    const messageId = `manual:${context.commandId}`;
    try {
      const trigger = { name, messageId };
      return await this.workflows.start({ template, ...firingByHand(compiled, fire) }, context, {
        trigger,
      });
    } catch (error) {
      if (error instanceof AppError && REFUSALS.has(error.kind)) {
        await this.firings.refused(compiled, { messageId }, error, context);
      }
      throw error;
    }
  }

  async #change(triggerId: string, context: CommandContext, decide: Decide): Promise<TriggerReply> {
    return replyOf(triggerId, await this.triggers.execute(triggerId, context, decide));
  }

  #nextDue(compiled: CompiledTrigger): string | undefined {
    if (compiled.type !== 'SCHEDULED') return undefined;
    return compiled.schedule.next(this.clock.now())?.toISOString();
  }
}

function firingByHand({ plan, trigger }: CompiledManual, fire: FireBody): Firing {
  if ('input' in fire && trigger.mapping !== undefined) return plan.make({ input: fire.input });
  const context = 'input' in fire ? fire.input : fire.context;
  const businessKey = plan.key({ input: context });
  return { ...(businessKey === undefined ? {} : { businessKey }), context };
}

function replyOf(
  triggerId: string,
  { state, position }: Outcome<TriggerState | undefined>,
): TriggerReply {
  if (!state) throw new Error(`trigger ${triggerId} has no state after a command`);
  return { triggerId, name: state.trigger.name, status: state.status, position };
}
