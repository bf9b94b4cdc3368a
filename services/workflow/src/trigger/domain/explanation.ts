import type { Decimal } from '@countersign/expressions';
import { AppError, type JsonObject, messageOf } from '@countersign/kernel';

import type { CompiledEvent, CompiledThreshold } from './compiled-trigger.js';
import type { ExplainedFiring } from './firing-plan.js';
import {
  addEntry,
  countMessage,
  emptyWindow,
  type Entry,
  lastFired,
  type WindowSpec,
  type WindowState,
} from './threshold-window.js';

/** What a trigger makes of something, for a person to read. */
export interface Explanation extends ExplainedFiring {
  /** Whether a workflow is asked for. */
  readonly fires: boolean;
  /** Why not, where nothing is wrong. */
  readonly reason?: string;
  /** Of a threshold: where the message is counted and what it adds up to. */
  readonly window?: { readonly group: string; readonly value: string; readonly aggregate: string };
}

const UNCOUNTED = {
  seen: 'it was counted before',
  late: 'it is too late for its window',
  full: 'its window is full',
} as const;

/** Why a message that was counted does not fire. */
function whyNot(before: WindowState, spec: WindowSpec, aggregate: Decimal): string {
  const { above, rearmBelow } = spec;
  if (aggregate.compare(above) <= 0) {
    return `below the limit: ${aggregate.toString()} is not above ${above.toString()}`;
  }
  const last = lastFired(before);
  const since = last === undefined ? 'it fired last' : new Date(last.ms).toISOString();
  return `not re-armed since ${since}: it has not been below ${rearmBelow.toString()}`;
}

/**
 * What a message leads to under a trigger.
 *
 * @param windows of a threshold trigger, by group; counted on.
 */
export function explainMessage(
  compiled: CompiledEvent | CompiledThreshold,
  message: JsonObject,
  { sequence, ms }: Pick<Entry, 'sequence' | 'ms'>,
  windows: Map<string, WindowState>,
): Explanation {
  let at = 'condition';
  try {
    if (!compiled.admits(message)) {
      return { fires: false, reason: 'the condition is false', errors: [] };
    }
    if (compiled.type === 'EVENT') return { fires: true, ...compiled.plan.explain({ message }) };
    const { threshold } = compiled;
    at = 'group';
    const group = threshold.groupOf(message);
    at = 'value';
    const entry = { sequence, ms, value: threshold.valueOf(message) };
    const before = windows.get(group) ?? emptyWindow;
    const counting = countMessage(before, threshold.spec, entry);
    if (counting.outcome !== 'counted') {
      return { fires: false, reason: UNCOUNTED[counting.outcome], errors: [] };
    }
    const { windowMs } = threshold.spec;
    windows.set(group, addEntry(before, counting.entry, counting.armed, windowMs));
    const aggregate = counting.aggregate.toString();
    const window = { group, value: entry.value.toString(), aggregate };
    if (!counting.entry.fired) {
      const reason = whyNot(before, threshold.spec, counting.aggregate);
      return { fires: false, reason, errors: [], window };
    }
    const variables = { message, group, aggregate: counting.entry.fired.toString() };
    return { fires: true, window, ...compiled.plan.explain(variables) };
  } catch (error) {
    const code = error instanceof AppError ? error.code : 'trigger.mapping-failed';
    return { fires: false, errors: [{ at: `/${at}`, code, message: messageOf(error) }] };
  }
}
