import type { Json, JsonObject } from '@countersign/kernel';

import { type Action, type Actions, actionsOf } from '../action.js';
import type { StateDefinition, TransitionDefinition, WorkflowDefinition } from '../definition.js';
import { durationMs } from '../duration.js';
import type { Unmapped } from './unmapped.js';
import { OURS_ALONE, unmappedMembers } from './unmapped-members.js';

/** Before the name of a signal, so that it is no other event: names have no colon. */
export const SIGNAL = 'signal:';
/** Name of the guard whose parameter `expression` is CEL. */
export const CEL_GUARD = 'cel';

/**
 * A definition as an XState v5 machine, as JSON for `createMachine`.
 *
 * Automatic transitions are `always`, those after a time and the timeouts of states `after`, those on a signal events
 * `signal:<name>`. Conditions are guards `{type: "cel", params: {expression}}`, actions `{type: "assign" | "emit" |
 * "pipeline", params}`: whoever runs the machine brings the implementations. `meta` holds what has no place of its
 * own: the event of a transition that is no event in XState, the outcome of a final state.
 *
 * XState knows no approvals: a machine that is exported and run elsewhere does not ask anybody. `unmapped` names that
 * and the rest, by places in the definition.
 */
export function toXState(definition: WorkflowDefinition): {
  config: JsonObject;
  unmapped: readonly Unmapped[];
} {
  const unmapped = unmappedMembers(definition, {
    definition: OURS_ALONE,
    state: {
      invoke: 'the other workflow is no actor of this machine',
      allowedTransitions: 'the transitions say it',
    },
    transition: {
      requiresApproval: 'there are no approvals: the transition is made without one',
      roles: 'there are no roles: anybody may send the event',
    },
  });
  const byFrom = Map.groupBy(definition.transitions, ({ from }) => from);
  const config: JsonObject = {
    id: definition.name,
    ...described(definition),
    initial: definition.initial,
    states: Object.fromEntries(
      definition.states.map((state) => [
        state.name,
        stateNode(state, byFrom.get(state.name) ?? []),
      ]),
    ),
  };
  return { config, unmapped: unmapped.items };
}

function stateNode(state: StateDefinition, outgoing: readonly TransitionDefinition[]): JsonObject {
  // Not objects: an event may be called `constructor`.
  const on = new Map<string, Json[]>();
  const after = new Map<string, Json[]>();
  const always: Json[] = [];
  for (const transition of outgoing) {
    const entry = transitionEntry(transition);
    const { trigger, event } = transition;
    if (trigger === 'automatic') always.push(entry);
    else if (trigger === 'manual') add(on, event, entry);
    else if ('after' in trigger) add(after, String(durationMs(trigger.after)), entry);
    else add(on, `${SIGNAL}${trigger.signal}`, entry);
  }
  const { timeout, final } = state;
  if (timeout !== undefined) {
    const entry = { target: pathOf(timeout.to), reenter: true, meta: { timeout: true } };
    add(after, String(durationMs(timeout.after)), entry);
  }
  return {
    ...described(state),
    ...(final === undefined ? {} : { type: 'final', meta: { outcome: final } }),
    ...actionList('entry', state.onEntry),
    ...actionList('exit', state.onExit),
    ...(on.size === 0 ? {} : { on: Object.fromEntries(on) }),
    ...(always.length === 0 ? {} : { always }),
    ...(after.size === 0 ? {} : { after: Object.fromEntries(after) }),
  };
}

function add(lists: Map<string, Json[]>, key: string, entry: Json): void {
  const list = lists.get(key);
  if (list) list.push(entry);
  else lists.set(key, [entry]);
}

function transitionEntry(transition: TransitionDefinition): JsonObject {
  const { to, event, trigger, condition, action } = transition;
  return {
    target: pathOf(to),
    // A move into the state where one is already leaves it and enters it again.
    reenter: true,
    ...described(transition),
    ...(condition === undefined
      ? {}
      : { guard: { type: CEL_GUARD, params: { expression: condition } } }),
    ...actionList('actions', action),
    ...(trigger === 'manual' ? {} : { meta: { event } }),
  };
}

/** A target is a path of keys with dots between them: those of the key itself are escaped. */
function pathOf(state: string): string {
  return state.replaceAll('.', '\\.');
}

function described({ description }: { description?: string | undefined }): JsonObject {
  return description === undefined ? {} : { description };
}

function actionList(member: string, actions: Actions | undefined): JsonObject {
  const list = actionsOf(actions);
  return list.length === 0 ? {} : { [member]: list.map(actionObject) };
}

function actionObject({ type, ...params }: Action): Json {
  return { type, params: params as JsonObject };
}
