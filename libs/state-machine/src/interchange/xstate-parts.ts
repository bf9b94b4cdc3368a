import { invalid, segment } from '@countersign/kernel';
import { z } from 'zod';

import { Action } from '../action.js';
import type { TransitionTrigger } from '../definition.js';
import { type Duration } from '../duration.js';
import { ExpressionText } from '../expression-text.js';
import { asCondition } from './naming.js';
import type { UnmappedList } from './unmapped.js';
import { CEL_GUARD } from './xstate-export.js';

/** Where in the JSON something is, and where to say that it does not map. */
export interface Place {
  readonly path: string;
  readonly unmapped: UnmappedList;
}

/** @throws AppError `invalid` `xstate.malformed` */
export function recordAt(value: unknown, { path }: Place): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw malformed(path, 'must be an object');
}

/** @throws AppError `invalid` `xstate.malformed` */
export function textAt(value: unknown, { path }: Place): string {
  if (typeof value === 'string') return value;
  throw malformed(path, 'must be a text');
}

function malformed(path: string, message: string): Error {
  return invalid('xstate.malformed', `${path}: ${message}`, { details: { at: path } });
}

const CelGuard = z.strictObject({
  type: z.literal(CEL_GUARD),
  params: z.strictObject({ expression: ExpressionText }),
});

/** The condition of a transition; `false` for a guard that is code. */
export function conditionFrom(
  entry: Readonly<Record<string, unknown>>,
  trigger: TransitionTrigger,
  { path, unmapped }: Place,
): { condition?: string } {
  for (const member of ['guard', 'cond']) {
    const guard = entry[member];
    if (guard === undefined || guard === null) continue;
    const here = `${path}/${member}`;
    const cel = CelGuard.safeParse(guard);
    if (cel.success) {
      return { condition: asCondition(cel.data.params.expression, trigger, here, unmapped) };
    }
    unmapped.add(here, 'a guard that is code: the condition is false until somebody writes it');
    return { condition: 'false' };
  }
  return {};
}

const NamedAction = z.strictObject({
  type: z.string(),
  params: z.record(z.string(), z.unknown()),
});
const MOST_ACTIONS = 20;

/** The actions that `toXState` writes, under the name of a member; others are named as unmapped. */
export function actionsFrom(
  member: 'onEntry' | 'onExit' | 'action',
  value: unknown,
  { path, unmapped }: Place,
): Partial<Record<typeof member, Action[]>> {
  if (value === undefined || value === null) return {};
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const actions = list.flatMap((each, index) => {
    const named = NamedAction.safeParse(each);
    const action = Action.safeParse({ ...named.data?.params, type: named.data?.type });
    if (named.success && action.success) return [action.data];
    const here = Array.isArray(value) ? `${path}/${segment(index)}` : path;
    unmapped.add(here, 'an action that is code');
    return [];
  });
  if (actions.length > MOST_ACTIONS) unmapped.add(path, `actions after the ${MOST_ACTIONS}th`);
  return actions.length === 0 ? {} : { [member]: actions.slice(0, MOST_ACTIONS) };
}

/** The longest delay that the definition takes, ten years. */
const LONGEST_MS = 3_660 * 86_400_000;

/** Milliseconds as an ISO 8601 duration in its shortest form; undefined when they are none. */
export function durationOf(milliseconds: string): Duration | undefined {
  if (!/^\d{1,12}$/.test(milliseconds)) return undefined;
  const total = Number(milliseconds);
  if (total < 1 || total > LONGEST_MS) return undefined;
  const days = Math.floor(total / 86_400_000);
  const hours = Math.floor(total / 3_600_000) % 24;
  const minutes = Math.floor(total / 60_000) % 60;
  const seconds = (total % 60_000) / 1_000;
  const time = [
    hours === 0 ? '' : `${hours}H`,
    minutes === 0 ? '' : `${minutes}M`,
    seconds === 0 ? '' : `${seconds}S`,
  ].join('');
  return `P${days === 0 ? '' : `${days}D`}${time === '' ? '' : `T${time}`}`;
}
