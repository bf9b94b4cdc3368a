import { parseInput } from '@countersign/kernel';
import { z } from 'zod';

import { ApprovalPolicy } from './approval-policy.js';
import { ContextField } from './context-schema.js';
import { DefinitionName, Name } from './names.js';

const Text = z.string().max(4_000);

/** How an instance that reached a final state ended; in upper case, its `WorkflowStatus`. */
export const FinalOutcome = z.enum(['completed', 'failed', 'cancelled']);
export type FinalOutcome = z.infer<typeof FinalOutcome>;

/** A place where an instance can rest. */
export const StateDefinition = z.strictObject({
  name: Name,
  description: Text.optional(),
  /** Present: the instance ends here, with this outcome. */
  final: FinalOutcome.optional(),
  /** The states that its transitions lead to, stated twice on purpose: validation wants them to agree. */
  allowedTransitions: z.array(Name).max(500).optional(),
});
export type StateDefinition = z.infer<typeof StateDefinition>;

/** `manual`: somebody asks for it. `automatic`: made as soon as the instance is in `from` and the condition holds. */
export const TransitionTrigger = z.enum(['manual', 'automatic']);
export type TransitionTrigger = z.infer<typeof TransitionTrigger>;

/**
 * A way from one state to another. Several may share `from` and `event`: the first in the order of the
 * definition whose condition holds is taken.
 */
export const TransitionDefinition = z.strictObject({
  event: Name,
  from: Name,
  to: Name,
  description: Text.optional(),
  /** CEL over `context`, and over `input` (what the caller sent) for a manual one. Absent: always. */
  condition: z.string().min(1).max(8_192).optional(),
  trigger: TransitionTrigger.default('manual'),
  requiresApproval: ApprovalPolicy.optional(),
  /** Who may ask for a manual one, by role. Absent: anyone who is signed in. */
  roles: z.array(z.string().min(1).max(100)).min(1).max(50).optional(),
});
export type TransitionDefinition = z.infer<typeof TransitionDefinition>;

/**
 * A workflow as data. Unknown members are refused rather than ignored: a definition never promises
 * what is not enforced.
 */
export const WorkflowDefinition = z.strictObject({
  name: DefinitionName,
  title: z.string().min(1).max(200).optional(),
  description: Text.optional(),
  initial: Name,
  states: z.array(StateDefinition).min(1).max(1_000),
  transitions: z.array(TransitionDefinition).max(5_000),
  contextSchema: z.array(ContextField).max(200).default([]),
});
export type WorkflowDefinition = z.infer<typeof WorkflowDefinition>;
/** A definition as people write it, before defaults are filled in. */
export type WorkflowDefinitionInput = z.input<typeof WorkflowDefinition>;

/**
 * Reads a definition and fills in its defaults. That it is well-formed does not make it sound: see
 * `validateDefinition`.
 *
 * @throws AppError `invalid` `definition.malformed` with the places in `details.problems`
 */
export function parseDefinition(input: unknown): WorkflowDefinition {
  return parseInput(WorkflowDefinition, input, 'definition.malformed');
}

/** The names a transition's condition may use. */
export function conditionVariables(transition: Pick<TransitionDefinition, 'trigger'>): string[] {
  return transition.trigger === 'manual' ? ['context', 'input'] : ['context'];
}
