import { compileExpression, ExpressionError } from '@countersign/expressions';
import type { JsonObject } from '@countersign/kernel';

import type { CompiledTransition } from './compiled-transition.js';
import type { StateDefinition } from './definition.js';
import { durationMs } from './duration.js';
import {
  type CompiledAction,
  compileActions,
  compileFields,
  evaluateFields,
} from './run-actions.js';

/** A transition that is due after a time in its state, if its condition holds then. */
export interface AfterTransition {
  readonly transition: CompiledTransition;
  /** Milliseconds since the instance came to the state. */
  readonly afterMs: number;
}

/** Where whoever is still in a state after so many milliseconds goes. */
export interface StateTimeout {
  readonly afterMs: number;
  readonly to: string;
}

/** The workflow that a state starts. */
export interface Invocation {
  readonly template: string;
  readonly version?: number;
  readonly businessKey?: string;
  readonly context: JsonObject;
}

/** A state and what leaves it, sorted by what makes it happen. */
export interface CompiledState {
  readonly state: StateDefinition;
  readonly outgoing: readonly CompiledTransition[];
  readonly automatic: readonly CompiledTransition[];
  readonly manual: readonly CompiledTransition[];
  readonly byEvent: ReadonlyMap<string, readonly CompiledTransition[]>;
  readonly bySignal: ReadonlyMap<string, readonly CompiledTransition[]>;
  readonly after: readonly AfterTransition[];
  readonly timeout: StateTimeout | undefined;
  readonly onEntry: readonly CompiledAction[];
  readonly onExit: readonly CompiledAction[];
  readonly invocation: ((context: JsonObject, input?: JsonObject) => Invocation) | undefined;
}

/** @throws AppError `invalid` `expression.invalid` for an expression that does not compile */
export function compileState(
  state: StateDefinition,
  outgoing: readonly CompiledTransition[],
): CompiledState {
  const manual = outgoing.filter(({ trigger }) => trigger === 'manual');
  const signalled = outgoing.filter((transition) => signalOf(transition) !== undefined);
  const { timeout } = state;
  return {
    state,
    outgoing,
    manual,
    automatic: outgoing.filter(({ trigger }) => trigger === 'automatic'),
    byEvent: Map.groupBy(manual, ({ event }) => event),
    bySignal: Map.groupBy(signalled, (transition) => signalOf(transition) ?? ''),
    after: outgoing.flatMap((transition) => {
      const { trigger } = transition;
      if (typeof trigger === 'string' || !('after' in trigger)) return [];
      return [{ transition, afterMs: durationMs(trigger.after) }];
    }),
    timeout: timeout && { afterMs: durationMs(timeout.after), to: timeout.to },
    onEntry: compileActions(state.onEntry),
    onExit: compileActions(state.onExit),
    invocation: compileInvocation(state.invoke),
  };
}

function signalOf({ trigger }: CompiledTransition): string | undefined {
  return typeof trigger === 'object' && 'signal' in trigger ? trigger.signal : undefined;
}

function compileInvocation(invoke: StateDefinition['invoke']): CompiledState['invocation'] {
  if (invoke === undefined) return undefined;
  const { template, version } = invoke;
  const key = invoke.businessKey === undefined ? [] : [invoke.businessKey];
  const keys = key.map((source) => compileExpression(source, ['context', 'input']));
  const fields = compileFields(invoke.context);
  return (context, input = {}) => {
    const given = evaluateFields(fields, context, input);
    const [businessKey] = keys.map((expression) => {
      const value = expression.evaluate({ context, input });
      if (typeof value === 'string' && value !== '') return value;
      throw new ExpressionError(expression.source, 'not_text', 'a business key must be text');
    });
    return {
      template,
      ...(version === undefined ? {} : { version }),
      ...(businessKey === undefined ? {} : { businessKey }),
      context: given,
    };
  };
}
