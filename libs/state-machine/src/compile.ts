import { compileCondition, ExpressionError } from '@countersign/expressions';
import { AppError, invalid, type JsonObject } from '@countersign/kernel';

import {
  conditionVariables,
  type FinalOutcome,
  type StateDefinition,
  type TransitionDefinition,
  type WorkflowDefinition,
} from './definition.js';

/** A transition whose condition is ready to be asked. */
export interface CompiledTransition extends TransitionDefinition {
  /** Its place in the definition's list. */
  readonly index: number;
  /** Whether its condition looks at what the caller sends. */
  readonly usesInput: boolean;
  /** @throws ExpressionError when the condition cannot be answered. */
  holds(context: JsonObject, input?: JsonObject): boolean;
}

/** What an event leads to, or why to nothing. */
export type Choice =
  | { readonly transition: CompiledTransition }
  | { readonly refused: 'no-transition' | 'condition-false' };

/** A manual transition as it stands for one context. */
export interface Availability {
  readonly transition: CompiledTransition;
  /** `depends-on-input`: cannot be said before the caller sends some. `failed`: the condition has no answer. */
  readonly verdict: 'open' | 'closed' | 'depends-on-input' | 'failed';
  readonly error?: ExpressionError;
}

interface CompiledState {
  readonly state: StateDefinition;
  readonly outgoing: readonly CompiledTransition[];
  readonly automatic: readonly CompiledTransition[];
  readonly manual: readonly CompiledTransition[];
  readonly byEvent: ReadonlyMap<string, readonly CompiledTransition[]>;
}

const NOTHING: JsonObject = {};

/** A definition made ready to be interpreted. Immutable, and safe to share. */
export class CompiledDefinition {
  readonly #states: ReadonlyMap<string, CompiledState>;

  /** Use `compileDefinition`. */
  constructor(
    readonly definition: WorkflowDefinition,
    states: ReadonlyMap<string, CompiledState>,
  ) {
    this.#states = states;
  }

  /** @throws AppError `invalid` `definition.unknown-state` */
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
  byEvent(state: string, event: string, context: JsonObject, input: JsonObject = NOTHING): Choice {
    const candidates = this.#state(state).byEvent.get(event);
    if (candidates === undefined) return { refused: 'no-transition' };
    const transition = candidates.find((candidate) => candidate.holds(context, input));
    return transition === undefined ? { refused: 'condition-false' } : { transition };
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

/**
 * Compiles a definition once; what comes back is interpreted. It asks for no more than it needs, so that
 * instances of a definition published under older checks go on: `validateDefinition` is for publishing.
 *
 * @throws AppError `invalid` `definition.unknown-state` for a transition from or to nowhere
 * @throws AppError `invalid` `expression.invalid` for a condition that does not compile
 */
export function compileDefinition(definition: WorkflowDefinition): CompiledDefinition {
  const transitions = definition.transitions.map(compileTransition);
  const byFrom = Map.groupBy(transitions, (transition) => transition.from);
  const states = new Map<string, CompiledState>();
  for (const state of definition.states) {
    const outgoing = byFrom.get(state.name) ?? [];
    const manual = outgoing.filter((transition) => transition.trigger === 'manual');
    states.set(state.name, {
      state,
      outgoing,
      manual,
      automatic: outgoing.filter((transition) => transition.trigger === 'automatic'),
      byEvent: Map.groupBy(manual, (transition) => transition.event),
    });
  }
  for (const name of namedStates(definition)) {
    if (states.has(name)) continue;
    throw invalid('definition.unknown-state', `${definition.name} has no state ${name}`);
  }
  return new CompiledDefinition(definition, states);
}

function namedStates(definition: WorkflowDefinition): string[] {
  const names = definition.transitions.flatMap(({ from, to, requiresApproval }) =>
    requiresApproval?.onRejected === undefined
      ? [from, to]
      : [from, to, requiresApproval.onRejected],
  );
  return [definition.initial, ...names];
}

function compileTransition(transition: TransitionDefinition, index: number): CompiledTransition {
  if (transition.condition === undefined) {
    return { ...transition, index, usesInput: false, holds: () => true };
  }
  const variables = conditionVariables(transition);
  const condition = compileCondition(transition.condition, variables);
  return {
    ...transition,
    index,
    usesInput: variables.includes('input') && !compiles(transition.condition, ['context']),
    holds: (context, input = NOTHING) => condition.evaluate({ context, input }),
  };
}

function compiles(source: string, variables: readonly string[]): boolean {
  try {
    compileCondition(source, variables);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

function availability(transition: CompiledTransition, context: JsonObject): Availability {
  if (transition.usesInput) return { transition, verdict: 'depends-on-input' };
  try {
    return { transition, verdict: transition.holds(context) ? 'open' : 'closed' };
  } catch (error) {
    if (error instanceof ExpressionError) return { transition, verdict: 'failed', error };
    throw error;
  }
}

/** Whether somebody with these roles may ask for a manual transition. */
export function mayFire(
  transition: Pick<TransitionDefinition, 'roles'>,
  roles: readonly string[],
): boolean {
  return transition.roles === undefined || transition.roles.some((role) => roles.includes(role));
}
