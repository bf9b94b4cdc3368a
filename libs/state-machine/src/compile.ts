import { invalid, type JsonObject } from '@countersign/kernel';

import type { Identity } from './approval-policy.js';
import {
  type AfterTransition,
  type CompiledState,
  compileState,
  type Invocation,
  type StateTimeout,
} from './compiled-state.js';
import {
  type Availability,
  availability,
  type CompiledTransition,
  compileTransition,
  maySend,
} from './compiled-transition.js';
import type { FinalOutcome, StateDefinition, WorkflowDefinition } from './definition.js';
import { durationMs } from './duration.js';
import type { CompiledAction } from './run-actions.js';

/** What an event or a signal leads to, or why to nothing. */
export type Choice =
  | { readonly transition: CompiledTransition }
  | { readonly refused: 'no-transition' | 'condition-false' };

/** How long an instance may take as a whole, and what happens then. */
export interface OverallTimeout {
  readonly afterMs: number;
  /** `fail`: it ends as failed. `incident`: it stays where it is, for people to look at. `{to}`: it goes there. */
  readonly then: 'fail' | 'incident' | { readonly to: string };
}

const NO_TRANSITION: Choice = { refused: 'no-transition' };
const CONDITION_FALSE: Choice = { refused: 'condition-false' };

/** A definition made ready to be interpreted. Immutable, and safe to share. */
export class CompiledDefinition {
  readonly #states: ReadonlyMap<string, CompiledState>;
  /** Absent: it may take as long as it likes. */
  readonly overallTimeout: OverallTimeout | undefined;

  /** Use `compileDefinition`. */
  constructor(
    readonly definition: WorkflowDefinition,
    states: ReadonlyMap<string, CompiledState>,
  ) {
    this.#states = states;
    this.overallTimeout = overallTimeout(definition);
  }

  /** @throws AppError `invalid` `definition.unknown-state`, as every other question about a state does */
  state(name: string): StateDefinition {
    return this.#state(name).state;
  }

  /** How an instance in this state has ended; undefined while it goes on. */
  outcomeOf(state: string): FinalOutcome | undefined {
    return this.#state(state).state.final;
  }

  /**
   * The automatic transition that is due: the first in the order of the definition whose condition holds.
   *
   * @throws ExpressionError when a condition before that one cannot be answered
   */
  nextAutomatic(state: string, context: JsonObject): CompiledTransition | undefined {
    return this.#state(state).automatic.find((transition) => transition.holds(context));
  }

  /**
   * The manual transition that an event asks for: the first in the order of the definition whose
   * condition holds.
   *
   * @throws ExpressionError when a condition before that one cannot be answered
   */
  byEvent(state: string, event: string, context: JsonObject, input?: JsonObject): Choice {
    return firstOf(this.#state(state).byEvent.get(event), context, input);
  }

  /**
   * The transition that a signal fires: the first in the order of the definition that waits for it and whose
   * condition holds, among those that the sender may fire.
   *
   * @param input what the signal carries
   * @param sender who sent it; absent: nobody in particular, who fires only what names no senders
   * @throws ExpressionError when a condition before that one cannot be answered
   */
  bySignal(
    state: string,
    signal: string,
    context: JsonObject,
    input?: JsonObject,
    sender?: Identity,
  ): Choice {
    const waiting = this.#state(state).bySignal.get(signal);
    const permitted = waiting?.filter((transition) => maySend(transition, sender));
    return firstOf(permitted?.length === 0 ? undefined : permitted, context, input);
  }

  /** The transitions of a state that a time makes due, in the order of the definition. */
  afterTransitions(state: string): readonly AfterTransition[] {
    return this.#state(state).after;
  }

  /** When a state is left whatever happens; undefined: never. */
  timeoutOf(state: string): StateTimeout | undefined {
    return this.#state(state).timeout;
  }

  /** What is done when an instance comes to a state, for `runActions`. */
  entryActions(state: string): readonly CompiledAction[] {
    return this.#state(state).onEntry;
  }

  /** What is done when an instance leaves a state, for `runActions`. */
  exitActions(state: string): readonly CompiledAction[] {
    return this.#state(state).onExit;
  }

  /**
   * The workflow that is started when an instance comes to a state; undefined: none.
   *
   * @throws ExpressionError when its context or business key has no value
   */
  invocationOf(state: string, context: JsonObject, input?: JsonObject): Invocation | undefined {
    return this.#state(state).invocation?.(context, input);
  }

  /** The manual transitions of a state and how each one's condition stands. Never throws on a condition. */
  available(state: string, context: JsonObject): Availability[] {
    return this.#state(state).manual.map((transition) => availability(transition, context));
  }

  /** All transitions that leave a state, in the order of the definition. */
  outgoing(state: string): readonly CompiledTransition[] {
    return this.#state(state).outgoing;
  }

  #state(name: string): CompiledState {
    const state = this.#states.get(name);
    if (state) return state;
    throw invalid('definition.unknown-state', `${this.definition.name} has no state ${name}`);
  }
}

function firstOf(
  candidates: readonly CompiledTransition[] | undefined,
  context: JsonObject,
  input: JsonObject | undefined,
): Choice {
  if (candidates === undefined) return NO_TRANSITION;
  const transition = candidates.find((candidate) => candidate.holds(context, input));
  return transition === undefined ? CONDITION_FALSE : { transition };
}

function overallTimeout({ timeout, autoEscalate }: WorkflowDefinition): OverallTimeout | undefined {
  if (timeout === undefined) return undefined;
  const afterMs = durationMs(timeout);
  if (typeof autoEscalate === 'object') return { afterMs, then: { to: autoEscalate.to } };
  return { afterMs, then: autoEscalate === true ? 'incident' : 'fail' };
}

/**
 * Compiles a definition once; what comes back is interpreted. It asks for no more than it needs, so that
 * instances of a definition published under older checks go on: `validateDefinition` is for publishing.
 *
 * @throws AppError `invalid` `definition.unknown-state` where the definition names a state that it does not have
 * @throws AppError `invalid` `expression.invalid` for an expression that does not compile
 */
export function compileDefinition(definition: WorkflowDefinition): CompiledDefinition {
  const transitions = definition.transitions.map(compileTransition);
  const byFrom = Map.groupBy(transitions, (transition) => transition.from);
  const states = new Map<string, CompiledState>();
  for (const state of definition.states) {
    states.set(state.name, compileState(state, byFrom.get(state.name) ?? []));
  }
  for (const name of namedStates(definition)) {
    if (states.has(name)) continue;
    throw invalid('definition.unknown-state', `${definition.name} has no state ${name}`);
  }
  return new CompiledDefinition(definition, states);
}

/** Every state that a definition names, beside its list of them. */
function* namedStates(definition: WorkflowDefinition): Generator<string> {
  const { initial, transitions, states, protected: guarded, autoEscalate } = definition;
  yield initial;
  for (const { from, to, requiresApproval } of transitions) {
    yield from;
    yield to;
    if (requiresApproval?.onRejected !== undefined) yield requiresApproval.onRejected;
  }
  for (const { timeout } of states) if (timeout !== undefined) yield timeout.to;
  for (const { state } of guarded ?? []) yield state;
  if (typeof autoEscalate === 'object') yield autoEscalate.to;
}
