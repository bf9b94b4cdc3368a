import { AppError, type JsonObject, messageOf } from '@countersign/kernel';

import type { CompiledEvent, CompiledThreshold } from './compiled-trigger.js';
import type { ExplainedFiring } from './firing-plan.js';
import {
  addEntry,
  countMessage,
  emptyWindow,
  type Entry,
  type WindowState,
} from './threshold-window.js';

/** What a trigger makes of something, for a person to read. */
export interface Explanation extends ExplainedFiring {
  /** Whether a workflow is asked for. */
  readonly fires: boolean;
  /** Of a threshold: where the message is counted and what it adds up to. */
  readonly window?: { readonly group: string; readonly value: string; readonly aggregate: string };
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
    if (!compiled.admits(message)) return { fires: false, errors: [] };
    if (compiled.type === 'EVENT') return { fires: true, ...compiled.plan.explain({ message }) };
    const { threshold } = compiled;
    at = 'group';
    const group = threshold.groupOf(message);
    at = 'value';
    const entry = { sequence, ms, value: threshold.valueOf(message) };
    const before = windows.get(group) ?? emptyWindow;
    const counting = countMessage(before, threshold.spec, entry);
    if (counting.outcome !== 'counted') return { fires: false, errors: [] };
    const { windowMs } = threshold.spec;
    windows.set(group, addEntry(before, counting.entry, counting.armed, windowMs));
    const aggregate = counting.aggregate.toString();
    const window = { group, value: entry.value.toString(), aggregate };
    if (!counting.entry.fired) return { fires: false, errors: [], window };
    const variables = { message, group, aggregate: counting.entry.fired.toString() };
    return { fires: true, window, ...compiled.plan.explain(variables) };
  } catch (error) {
    const code = error instanceof AppError ? error.code : 'trigger.mapping-failed';
    return { fires: false, errors: [{ at: `/${at}`, code, message: messageOf(error) }] };
  }
}
