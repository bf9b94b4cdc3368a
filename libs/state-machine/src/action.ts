import { z } from 'zod';

import { ExpressionMap } from './expression-text.js';
import { DefinitionName, Name } from './names.js';

/** Sets fields of the context, all at once: every expression sees the context as it was before. */
const AssignAction = z.strictObject({
  type: z.literal('assign'),
  values: ExpressionMap,
});

/** Publishes an event of the author's own, as `workflow.emitted`. */
const EmitAction = z.strictObject({
  type: z.literal('emit'),
  event: Name,
  payload: ExpressionMap.optional(),
});

/** Runs a pipeline. */
const PipelineAction = z.strictObject({
  type: z.literal('pipeline'),
  pipeline: DefinitionName,
  input: ExpressionMap.optional(),
});

/** Something done as part of a move. Expressions are CEL over `context` and `input`, what the caller sent. */
export const Action = z.discriminatedUnion('type', [AssignAction, EmitAction, PipelineAction]);
export type Action = z.infer<typeof Action>;

/** One action, or several in their order. */
export const Actions = z.union([Action, z.array(Action).max(20)]);
export type Actions = z.infer<typeof Actions>;

/** As a list, in either notation. */
export function actionsOf(actions: Actions | undefined): readonly Action[] {
  if (actions === undefined) return [];
  return Array.isArray(actions) ? actions : [actions];
}
