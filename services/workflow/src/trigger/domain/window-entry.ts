import { Decimal } from '@countersign/expressions';

import type { Entry } from './threshold-window.js';

/** Digits and sign of a value at most, so that a window's snapshot fits into an event. */
export const MAX_VALUE_LENGTH = 40;

/** An entry as it is stored: `sequence:milliseconds:value`, and `:aggregate` when it fired. */
export function entryText({ sequence, ms, value, fired }: Entry): string {
  const text = `${sequence}:${ms}:${value.toString()}`;
  return fired === undefined ? text : `${text}:${fired.toString()}`;
}

/** Of text that `entryText` made. */
export function parseEntry(text: string): Entry {
  const [sequence, ms, value = '', fired] = text.split(':');
  return {
    sequence: Number(sequence),
    ms: Number(ms),
    value: Decimal.fromText(value),
    ...(fired === undefined ? {} : { fired: Decimal.fromText(fired) }),
  };
}
