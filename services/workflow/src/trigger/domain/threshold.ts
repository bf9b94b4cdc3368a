import type { ThresholdTrigger } from '@countersign/contracts';
import { compileExpression, Decimal, type Expression } from '@countersign/expressions';
import { type Json, type JsonObject, rule } from '@countersign/kernel';
import { durationMs } from '@countersign/state-machine';

import { compileText } from './firing-plan.js';
import { compiledAt, evaluatedAt, wrongAt } from './places.js';
import type { WindowSpec } from './threshold-window.js';
import { MAX_VALUE_LENGTH } from './window-entry.js';

/** What a threshold trigger makes of a message. */
export interface Threshold {
  readonly spec: WindowSpec;
  /** @throws AppError `trigger.mapping-failed`. */
  groupOf(message: JsonObject): string;
  /** @throws AppError `trigger.mapping-failed`, `trigger.value-out-of-range`. */
  valueOf(message: JsonObject): Decimal;
}

/** @throws AppError `expression.invalid`, `trigger.level-invalid`. */
export function compileThreshold(trigger: ThresholdTrigger): Threshold {
  const { aggregate, window, group, value } = trigger;
  const groupOf = compileText('group', group, ['message']);
  const expression =
    value === undefined
      ? undefined
      : compiledAt('/value', () => compileExpression(value, ['message']));
  const spec: WindowSpec = {
    aggregate,
    windowMs: window === undefined ? 0 : durationMs(window),
    above: level('/above', trigger.above),
    rearmBelow: level('/rearmBelow', trigger.rearmBelow),
  };
  if (spec.rearmBelow.compare(spec.above) > 0) {
    throw wrongAt('/rearmBelow', 'trigger.level-invalid', 'must not be higher than `above`');
  }
  return {
    spec,
    groupOf: (message) => groupOf({ message }),
    valueOf: (message) => (expression ? numberOf(expression, message) : Decimal.fromInt(1n)),
  };
}

function level(at: string, value: number | string): Decimal {
  try {
    return decimal(value);
  } catch {
    throw wrongAt(at, 'trigger.level-invalid', 'must be a number or a decimal');
  }
}

function numberOf(expression: Expression, message: JsonObject): Decimal {
  const value = evaluatedAt('value', () => {
    const result = expression.evaluate({ message });
    return decimal(result);
  });
  if (value.toString().length > MAX_VALUE_LENGTH) {
    throw rule('trigger.value-out-of-range', `value: more than ${MAX_VALUE_LENGTH} characters`);
  }
  return value;
}

function decimal(value: Json): Decimal {
  if (typeof value === 'number') return Decimal.fromNumber(value);
  if (typeof value === 'string') return Decimal.fromText(value);
  throw new TypeError('must be a number or a decimal');
}
