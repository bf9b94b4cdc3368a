import type { Mapping } from '@countersign/contracts';
import { type Bindings, compileExpression } from '@countersign/expressions';
import { AppError, type Json, type JsonObject, messageOf, rule } from '@countersign/kernel';

import { compiledAt, evaluatedAt } from './places.js';

/** What is to be started. */
export interface Firing {
  readonly businessKey?: string;
  readonly context: JsonObject;
  /** What a workflow that runs under the key is told, if the trigger says so. @throws AppError `trigger.mapping-failed` */
  readonly signal?: (() => { readonly name: string; readonly payload: JsonObject }) | undefined;
}

/** A firing as far as it can be worked out, and what stands in its way. */
export interface ExplainedFiring {
  readonly businessKey?: string;
  readonly context?: JsonObject;
  readonly errors: readonly {
    readonly at: string;
    readonly code: string;
    readonly message: string;
  }[];
}

/** How a firing follows from what fired it. */
export interface FiringPlan {
  /** @throws AppError `trigger.mapping-failed` naming the expression that has no fitting value. */
  make(bindings: Bindings): Firing;
  /** The business key alone. @throws AppError `trigger.mapping-failed`. */
  key(bindings: Bindings): string | undefined;
  /** The same for a person to read: every expression is tried. */
  explain(bindings: Bindings): ExplainedFiring;
}

interface Sources {
  readonly businessKey?: string | undefined;
  readonly mapping?: Mapping | undefined;
  readonly signal?: { readonly name: string; readonly payload?: Mapping | undefined } | undefined;
  /** What the trigger calls its mapping. */
  readonly place: 'mapping' | 'context' | 'signal.payload';
}

/** As long as a business key may be anywhere. */
const MAX_KEY_LENGTH = 200;

/** @throws AppError `expression.invalid` naming the member whose expression does not compile. */
export function compileFiringPlan(sources: Sources, variables: readonly string[]): FiringPlan {
  const { businessKey, mapping = {}, place } = sources;
  const keyOf =
    businessKey === undefined ? undefined : compileText('businessKey', businessKey, variables);
  const parts = typeof mapping === 'string' ? whole(mapping, place, variables) : undefined;
  const members = typeof mapping === 'string' ? [] : eachMember(mapping, place, variables);
  const contextOf = (bindings: Bindings, attempt: Attempt): JsonObject | undefined => {
    if (parts) return attempt(place, () => parts(bindings));
    const context: JsonObject = {};
    for (const { at, member, evaluate } of members) {
      const value = attempt(at, () => evaluate(bindings));
      if (value !== undefined) context[member] = value;
    }
    return context;
  };
  const { signal } = sources;
  const payloadOf =
    signal?.payload === undefined
      ? undefined
      : compileFiringPlan({ mapping: signal.payload, place: 'signal.payload' }, variables);
  return {
    key: (bindings) => keyOf?.(bindings),
    make(bindings) {
      const key = keyOf?.(bindings);
      const context = contextOf(bindings, (_, run) => run()) ?? {};
      const told = signal && {
        signal: () => ({
          name: signal.name,
          payload: payloadOf ? payloadOf.make(bindings).context : context,
        }),
      };
      return { ...(key === undefined ? {} : { businessKey: key }), context, ...told };
    },
    explain(bindings) {
      const errors: ExplainedFiring['errors'][number][] = [];
      const attempt: Attempt = (at, run) => {
        try {
          return run();
        } catch (error) {
          const code = error instanceof AppError ? error.code : 'trigger.mapping-failed';
          errors.push({ at: `/${at.replaceAll('.', '/')}`, code, message: messageOf(error) });
          return undefined;
        }
      };
      const key = attempt('businessKey', () => keyOf?.(bindings));
      const context = contextOf(bindings, attempt);
      return {
        ...(key === undefined ? {} : { businessKey: key }),
        ...(context === undefined ? {} : { context }),
        errors,
      };
    },
  };
}

type Attempt = <T>(at: string, run: () => T) => T | undefined;
type Evaluate<T> = (bindings: Bindings) => T;

/** An expression whose value is a text that can be a key or a group. */
export function compileText(
  at: string,
  source: string,
  variables: readonly string[],
): Evaluate<string> {
  const expression = compiledAt(`/${at.replaceAll('.', '/')}`, () =>
    compileExpression(source, variables),
  );
  return (bindings) => {
    const text = evaluatedAt(at, () => expression.evaluate(bindings));
    if (typeof text === 'string' && text.trim() !== '' && text.length <= MAX_KEY_LENGTH)
      return text;
    const wanted = `a text of 1 to ${MAX_KEY_LENGTH} characters, not blank`;
    throw rule('trigger.mapping-failed', `${at}: must be ${wanted}`);
  };
}

function whole(source: string, at: string, variables: readonly string[]): Evaluate<JsonObject> {
  const expression = compiledAt(`/${at.replaceAll('.', '/')}`, () =>
    compileExpression(source, variables),
  );
  return (bindings) => {
    const value = evaluatedAt(at, () => expression.evaluate(bindings));
    if (isObject(value)) return value;
    throw rule('trigger.mapping-failed', `${at}: must be a map`);
  };
}

function eachMember(
  mapping: Readonly<Record<string, string>>,
  place: string,
  variables: readonly string[],
): { member: string; at: string; evaluate: Evaluate<Json> }[] {
  return Object.entries(mapping).map(([member, source]) => {
    const at = `${place}.${member}`;
    const expression = compiledAt(`/${place.replaceAll('.', '/')}/${member}`, () =>
      compileExpression(source, variables),
    );
    return {
      member,
      at,
      evaluate: (bindings) => evaluatedAt(at, () => expression.evaluate(bindings)),
    };
  });
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
