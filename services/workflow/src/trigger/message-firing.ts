import { AppError, type JsonObject, messageOf, rule, Turns } from '@countersign/kernel';
import { Log } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';

import {
  type CompiledEvent,
  type CompiledThreshold,
  fireEvent,
} from './domain/compiled-trigger.js';
import { type FiringOutcome, Firings } from './firings.js';
import type { StreamMessage } from './stream-message.js';
import { ThresholdWindows } from './threshold-windows.js';
import type { Registered } from './triggers.js';

/** A level that was crossed, and by how much. */
export interface Crossed {
  readonly group: string;
  readonly aggregate: string;
}

/** What came of a message under a trigger. */
export type MessageOutcome =
  | FiringOutcome
  /** Its condition is false, or it was counted and the level was not crossed. */
  | { readonly outcome: 'passed' | 'counted' }
  | { readonly outcome: 'failed'; readonly reason: AppError; readonly crossed?: Crossed };

/** What a service may say to a command without it being the message's fault. */
const transient = new Set(['unavailable', 'conflict']);

/** An answer, rather than a failure: a workflow of the group runs. */
const KEY_TAKEN = 'workflow.business-key-taken';

/** Lets a message fire a trigger. */
@Injectable()
export class MessageFiring {
  /** The messages of a group are counted in the order in which they came. */
  readonly #turns = new Turns();

  constructor(
    @Inject(Log) private readonly log: Log,
    @Inject(Firings) private readonly firings: Firings,
    @Inject(ThresholdWindows) private readonly windows: ThresholdWindows,
  ) {}

  /** Starts working before it returns, so that the order of calls counts. @throws AppError of a passing nature. */
  async fire(
    registered: Registered<CompiledEvent | CompiledThreshold>,
    content: JsonObject,
    message: StreamMessage,
  ): Promise<MessageOutcome> {
    const { compiled } = registered;
    return await this.#guarded(message, undefined, async () => {
      if (compiled.type === 'THRESHOLD') {
        return this.#count({ ...registered, compiled }, content, message);
      }
      const firing = fireEvent(compiled, content);
      return firing ? this.firings.start(compiled, firing, message) : { outcome: 'passed' };
    });
  }

  /** Starts what a crossed level asks for. @throws AppError of a passing nature. */
  cross(
    compiled: CompiledThreshold,
    content: JsonObject,
    message: StreamMessage,
    crossed: Crossed,
  ): Promise<MessageOutcome> {
    return this.#guarded(message, crossed, async () => {
      const firing = compiled.plan.make({ message: content, ...crossed });
      return this.firings.start(compiled, firing, message);
    });
  }

  async #count(
    registered: Registered<CompiledThreshold>,
    content: JsonObject,
    message: StreamMessage,
  ): Promise<MessageOutcome> {
    const { compiled } = registered;
    if (!compiled.admits(content)) return { outcome: 'passed' };
    const group = compiled.threshold.groupOf(content);
    const { sequence, ms, messageId, again = false } = message;
    const entry = { sequence, ms, value: compiled.threshold.valueOf(content) };
    // What a crossing asks for is started in the turn as well: whether it could be decides if the next one fires.
    const counted = await this.#turns.take(`${compiled.triggerId} ${group}`, async () => {
      const before = again ? await this.firings.passedOver(compiled, message) : undefined;
      const counting = before ?? (await this.windows.count(registered, group, entry, messageId));
      if (!('aggregate' in counting)) return counting;
      const { aggregate } = counting;
      const crossing = await this.cross(compiled, content, message, { group, aggregate });
      if (crossing.outcome === 'failed' && crossing.reason.code !== KEY_TAKEN) {
        await this.windows.rearm(registered, group, message, crossing.reason.code);
      }
      return crossing;
    });
    return counted.outcome === 'late' ? this.firings.passOver(compiled, message, 'late') : counted;
  }

  async #guarded(
    { messageId }: StreamMessage,
    crossed: Crossed | undefined,
    work: () => Promise<MessageOutcome>,
  ): Promise<MessageOutcome> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof AppError && transient.has(error.kind)) throw error;
      if (!(error instanceof AppError)) this.log.error({ error, messageId }, 'a trigger failed');
      const reason = asReason(error);
      return { outcome: 'failed', reason, ...(crossed === undefined ? {} : { crossed }) };
    }
  }
}

/** Anything thrown, as something that can be put on record. */
export function asReason(error: unknown): AppError {
  return error instanceof AppError ? error : rule('message.failed', messageOf(error));
}
