import { type Json, type JsonObject, segment } from '@countersign/kernel';
import { z } from 'zod';

import { FieldName } from './names.js';

/** `decimal` takes a JSON number up to 2^53 - 1 or a text such as `"1250000.50"`; `any` takes everything, also null. */
export const ContextFieldType = z.enum([
  'string',
  'number',
  'decimal',
  'boolean',
  'object',
  'list',
  'any',
]);
export type ContextFieldType = z.infer<typeof ContextFieldType>;

/** One field that the context of an instance is known to have. Others are allowed beside it. */
export const ContextField = z.strictObject({
  name: FieldName,
  type: ContextFieldType,
  required: z.boolean().default(false),
  description: z.string().max(1_000).optional(),
  indexed: z.boolean().optional().describe('Whether instances can be found by it.'),
});
export type ContextField = z.infer<typeof ContextField>;

/** What is wrong with a context, and where (a JSON pointer within it). */
export interface ContextProblem {
  readonly at: string;
  readonly problem: string;
}

const DECIMAL = /^[+-]?\d{1,64}(\.\d{1,64})?$/;

const is: Readonly<Record<ContextFieldType, (value: Json) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  decimal: (value) =>
    // A larger number may have lost digits before anybody could look at it; a text has not.
    (typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER) ||
    (typeof value === 'string' && DECIMAL.test(value)),
  boolean: (value) => typeof value === 'boolean',
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  list: (value) => Array.isArray(value),
  any: () => true,
};

/** Checks a context against the declared fields; empty when it fits. Undeclared members are allowed. */
export function contextProblems(
  fields: readonly ContextField[],
  context: JsonObject,
): ContextProblem[] {
  const problems: ContextProblem[] = [];
  for (const { name, type, required } of fields) {
    const at = `/${segment(name)}`;
    const value = Object.hasOwn(context, name) ? context[name] : undefined;
    if (value === undefined) {
      if (required) problems.push({ at, problem: 'is required' });
    } else if (!is[type](value)) {
      problems.push({ at, problem: `must be of type ${type}` });
    }
  }
  return problems;
}
