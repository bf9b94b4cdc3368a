import type { DryRunTrigger } from '@countersign/contracts';
import { AppError, Clock, isAdministrator, type JsonObject, messageOf } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { contextProblems } from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { BusinessKeys } from '../business-key/business-keys.js';
import { Definitions } from '../definition/definitions.js';
import { mustBeAdmin } from './admins.js';
import {
  type CompiledThreshold,
  type CompiledTrigger,
  compileTrigger,
} from './domain/compiled-trigger.js';
import { present } from './domain/decider.js';
import { explainMessage, type Explanation } from './domain/explanation.js';
import { parseMessage } from './domain/message.js';
import type { WindowState } from './domain/threshold-window.js';
import { scheduleVariable } from './schedules.js';
import { StoredMessages } from './stored-messages.js';
import { ThresholdWindows } from './threshold-windows.js';
import { type Registered, Triggers } from './triggers.js';

type Body = z.output<typeof DryRunTrigger.body>;

/** Times of a schedule that are shown. */
const SHOWN_TIMES = 5;

/** Says what a trigger would do, and does nothing. */
@Injectable()
export class DryRun {
  constructor(
    @Inject(Triggers) private readonly triggers: Triggers,
    @Inject(Definitions) private readonly definitions: Definitions,
    @Inject(BusinessKeys) private readonly businessKeys: BusinessKeys,
    @Inject(ThresholdWindows) private readonly windows: ThresholdWindows,
    @Inject(StoredMessages) private readonly messages: StoredMessages,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * One item for the sample, or one for each of the last messages, oldest first; a threshold's windows are then
   * filled from nothing. Messages, and what windows hold now, are shown to admins only.
   *
   * @throws AppError `trigger.not-found`, `trigger.not-allowed`.
   */
  async run(
    { triggerId, run }: Body,
    context: CommandContext,
  ): Promise<z.output<typeof DryRunTrigger.reply>> {
    const { trigger } = present(await this.triggers.load(triggerId));
    const compiled = compileTrigger(triggerId, trigger);
    if ('sample' in run) {
      const fromPresent = run.fromPresent ?? isAdministrator(context.actor);
      if (run.fromPresent) mustBeAdmin(context.actor);
      return { items: [await this.#sample(compiled, run.sample, fromPresent)] };
    }
    mustBeAdmin(context.actor);
    return { items: await this.#last(compiled, run.last) };
  }

  async #sample(
    compiled: CompiledTrigger,
    sample: JsonObject,
    fromPresent: boolean,
  ): Promise<JsonObject> {
    if (compiled.type === 'MANUAL') {
      const firing = compiled.plan.explain({ input: sample });
      const asGiven = compiled.trigger.mapping === undefined ? { context: sample } : {};
      return this.#judge(compiled, { ...firing, ...asGiven, fires: true });
    }
    if (compiled.type === 'SCHEDULED') {
      const times = this.#times(compiled);
      const [time = this.clock.timestamp()] = times;
      const known = scheduleVariable(compiled, { time, sequence: 1 });
      const firing = compiled.plan.explain({ schedule: { ...known, ...sample } });
      return { ...(await this.#judge(compiled, { ...firing, fires: true })), next: times };
    }
    const message = { sequence: 1, ms: this.clock.now().getTime() };
    const windows =
      fromPresent && compiled.type === 'THRESHOLD'
        ? await this.#present(compiled, sample)
        : new Map<string, WindowState>();
    return this.#judge(compiled, explainMessage(compiled, sample, message, windows));
  }

  /** The window that a sample belongs to, as it is now; none when its group cannot be told. */
  async #present(
    { triggerId, threshold }: CompiledThreshold,
    sample: JsonObject,
  ): Promise<Map<string, WindowState>> {
    const windows = new Map<string, WindowState>();
    const registered = this.triggers.get(triggerId);
    if (registered?.compiled.type !== 'THRESHOLD') return windows;
    let group: string;
    try {
      group = threshold.groupOf(sample);
    } catch {
      // Explained with the rest.
      return windows;
    }
    windows.set(group, await this.windows.load(registered as Registered<CompiledThreshold>, group));
    return windows;
  }

  async #last(compiled: CompiledTrigger, count: number): Promise<JsonObject[]> {
    if (compiled.type === 'MANUAL' || compiled.type === 'SCHEDULED') return [];
    const windows = new Map<string, WindowState>();
    const items: JsonObject[] = [];
    for (const message of await this.messages.last(count, (subject) =>
      compiled.listensTo(subject),
    )) {
      const { sequence, ms, subject } = message;
      const about = { message: { subject, sequence, receivedAt: new Date(ms).toISOString() } };
      try {
        const content = parseMessage(message.data);
        const explained = explainMessage(compiled, content, message, windows);
        items.push({ ...about, ...(await this.#judge(compiled, explained)) });
      } catch (error) {
        const errors = [{ at: '', ...problemOf(error) }];
        items.push({ ...about, outcome: 'would-fail', errors });
      }
    }
    return items;
  }

  async #judge({ trigger }: CompiledTrigger, explained: Explanation): Promise<JsonObject> {
    const { fires, errors, window, reason, ...made } = explained;
    const { businessKey, context } = made;
    const problems = context === undefined ? [] : await this.#misfits(trigger.template, context);
    const running =
      businessKey === undefined
        ? undefined
        : (await this.businessKeys.holdersOf({ template: trigger.template, businessKey })).at(-1);
    const shares = 'whenRunning' in trigger && trigger.whenRunning === 'start-another';
    const fails = errors.length > 0 || problems.length > 0;
    const outcome = !fires
      ? errors.length > 0
        ? 'would-fail'
        : 'would-not-fire'
      : fails
        ? 'would-fail'
        : running !== undefined && !shares
          ? 'key-running'
          : 'would-start';
    return {
      outcome,
      ...(reason === undefined ? {} : { reason }),
      condition: errors.some(({ at }) => at === '/condition')
        ? null
        : fires || window !== undefined,
      ...made,
      ...(running === undefined ? {} : { runningWorkflowId: running }),
      ...(window === undefined ? {} : { window }),
      errors: errors.map((error) => ({ ...error })),
      templateProblems: problems,
    };
  }

  async #misfits(template: string, context: JsonObject): Promise<JsonObject[]> {
    try {
      const { compiled } = await this.definitions.pin(template, undefined, undefined);
      return contextProblems(compiled.definition.contextSchema, context).map(({ at, problem }) => ({
        at,
        problem,
      }));
    } catch (error) {
      if (error instanceof AppError && error.kind === 'unavailable') throw error;
      return [{ at: '/template', problem: problemOf(error).message }];
    }
  }

  #times({ schedule }: Extract<CompiledTrigger, { type: 'SCHEDULED' }>): string[] {
    const times: string[] = [];
    let time = schedule.next(this.clock.now());
    for (; time && times.length < SHOWN_TIMES; time = schedule.next(time)) {
      times.push(time.toISOString());
    }
    return times;
  }
}

function problemOf(error: unknown): { code: string; message: string } {
  const code = error instanceof AppError ? error.code : 'message.failed';
  return { code, message: messageOf(error) };
}
