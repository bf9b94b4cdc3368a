import type { TriggerEvent } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { Clock, derivedId, rule } from '@countersign/kernel';
import { Inject, Injectable } from '@nestjs/common';

import type { CompiledThreshold } from './domain/compiled-trigger.js';
import {
  countMessage,
  type Entry,
  findEntry,
  isDisarmedBy,
  type WindowState,
} from './domain/threshold-window.js';
import { windowAggregate, windowSnapshot } from './domain/window-state.js';
import { entryText } from './domain/window-entry.js';
import { SegmentedStreams } from './segmented-streams.js';
import { triggerCommand } from './trigger-commands.js';
import type { Registered } from './triggers.js';

/** Windows that stay in memory; of the others, the last segment is read again. */
const KEPT = 1_000;

/** What a message did to its group's window. */
export type Counted =
  | { readonly outcome: 'counted' }
  | { readonly outcome: 'late' }
  /** It crossed the level, now or when it came before. */
  | { readonly outcome: 'crossed'; readonly aggregate: string };

/** The windows of all threshold triggers, one for each group. */
@Injectable()
export class ThresholdWindows {
  readonly #windows: SegmentedStreams<WindowState, TriggerEvent, WindowOwner>;

  constructor(@Inject(EventStore) store: EventStore, @Inject(Clock) clock: Clock) {
    this.#windows = new SegmentedStreams(
      store,
      clock,
      windowAggregate,
      (state, segment, { triggerId, group }): TriggerEvent => ({
        type: 'trigger.window-continued',
        data: { triggerId, group, segment, ...windowSnapshot(state) },
      }),
      KEPT,
    );
  }

  /** A group's window as it is now. */
  load(
    { compiled: { triggerId }, generation }: Registered<CompiledThreshold>,
    group: string,
  ): Promise<WindowState> {
    return this.#windows.load(ownerOf(triggerId, generation, group));
  }

  /** Lets the next message fire that finds the window above the level: what this one asked for could not be started. */
  async rearm(
    { compiled: { triggerId, trigger }, generation }: Registered<CompiledThreshold>,
    group: string,
    message: { readonly messageId: string } & Pick<Entry, 'sequence' | 'ms'>,
    code: string,
  ): Promise<void> {
    const { messageId } = message;
    const context = triggerCommand('rearm', trigger.name, messageId);
    const data = { triggerId, trigger: trigger.name, group, messageId, code };
    await this.#windows.execute(ownerOf(triggerId, generation, group), context, (window) =>
      isDisarmedBy(window, message) ? [{ type: 'trigger.window-rearmed', data }] : [],
    );
  }

  /**
   * Counts a message once, however often it comes.
   *
   * @throws AppError `trigger.window-full`.
   */
  async count(
    { compiled, generation }: Registered<CompiledThreshold>,
    group: string,
    entry: Entry,
    messageId: string,
  ): Promise<Counted> {
    const { triggerId, trigger, threshold } = compiled;
    const { spec } = threshold;
    const context = triggerCommand('count', trigger.name, messageId);
    const seen = { late: false };
    const state = await this.#windows.execute(
      ownerOf(triggerId, generation, group),
      context,
      (window) => {
        const counting = countMessage(window, spec, entry);
        seen.late = counting.outcome === 'late';
        if (counting.outcome === 'full') {
          throw rule(
            'trigger.window-full',
            `the window of ${group} has no room for another message`,
          );
        }
        if (counting.outcome !== 'counted') return [];
        const { aggregate, armed } = counting;
        const data = {
          triggerId,
          trigger: trigger.name,
          group,
          entry: entryText(counting.entry),
          aggregate: aggregate.toString(),
          armed,
          windowMs: spec.windowMs,
        };
        return [{ type: 'trigger.window-counted', data }];
      },
    );
    if (seen.late) return { outcome: 'late' };
    const fired = findEntry(state, entry)?.fired;
    return fired === undefined
      ? { outcome: 'counted' }
      : { outcome: 'crossed', aggregate: fired.toString() };
  }
}

function ownerOf(triggerId: string, generation: number, group: string): WindowOwner {
  return { id: derivedId('window', triggerId, generation, group), triggerId, group };
}

interface WindowOwner {
  readonly id: string;
  readonly triggerId: string;
  readonly group: string;
}
