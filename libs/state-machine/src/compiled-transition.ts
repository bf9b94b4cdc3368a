import { compileCondition, ExpressionError } from '@countersign/expressions';
import { AppError, type JsonObject } from '@countersign/kernel';

import { type Identity, namedAs } from './approval-policy.js';
import { conditionVariables, type TransitionDefinition } from './definition.js';
import { type CompiledAction, compileActions } from './run-actions.js';

/** A transition whose condition is ready to be asked. */
export interface CompiledTransition extends TransitionDefinition {
  /** Its place in the definition's list. */
  readonly index: number;
  /** Whether its condition looks at what the caller sends. */
  readonly usesInput: boolean;
  /** Its `action`, for `runActions`. */
  readonly actions: readonly CompiledAction[];
  /** @throws ExpressionError when the condition cannot be answered. */
  holds(context: JsonObject, input?: JsonObject): boolean;
}

/** A manual transition as it stands for one context. */
export interface Availability {
  readonly transition: CompiledTransition;
  /** `depends-on-input`: cannot be said before the caller sends some. `failed`: the condition has no answer. */
  readonly verdict: 'open' | 'closed' | 'depends-on-input' | 'failed';
  readonly error?: ExpressionError;
}

const NOTHING: JsonObject = {};

/** @throws AppError `invalid` `expression.invalid` */
export function compileTransition(
  transition: TransitionDefinition,
  index: number,
): CompiledTransition {
  const actions = compileActions(transition.action);
  if (transition.condition === undefined) {
    return { ...transition, index, usesInput: false, actions, holds: () => true };
  }
  const variables = conditionVariables(transition);
  const condition = compileCondition(transition.condition, variables);
  return {
    ...transition,
    index,
    actions,
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

/** How a transition's condition stands for a context. Never throws on a condition. */
export function availability(transition: CompiledTransition, context: JsonObject): Availability {
  if (transition.usesInput) return { transition, verdict: 'depends-on-input' };
  try {
    return { transition, verdict: transition.holds(context) ? 'open' : 'closed' };
  } catch (error) {
    if (error instanceof ExpressionError) return { transition, verdict: 'failed', error };
    throw error;
  }
}

/** Whether a signal of somebody may fire a transition; of nobody in particular only where it names no senders. */
export function maySend(
  { trigger }: Pick<TransitionDefinition, 'trigger'>,
  sender: Identity | undefined,
): boolean {
  if (typeof trigger === 'string' || !('signal' in trigger)) return false;
  const { senders } = trigger;
  return senders === undefined || (sender !== undefined && namedAs(senders, sender) !== undefined);
}

/** Whether somebody with these roles may ask for a manual transition. */
export function mayFire(
  transition: Pick<TransitionDefinition, 'roles'>,
  roles: readonly string[],
): boolean {
  return transition.roles === undefined || transition.roles.some((role) => roles.includes(role));
}
