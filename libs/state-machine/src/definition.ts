import { parseInput } from '@countersign/kernel';
import { z } from 'zod';

import { Actions } from './action.js';
import { ApprovalPolicy, Approver } from './approval-policy.js';
import { ContextField } from './context-schema.js';
import { Duration } from './duration.js';
import { ExpressionMap, ExpressionText } from './expression-text.js';
import { DefinitionName, Name } from './names.js';

const Text = z.string().max(4_000);

/** How an instance that reached a final state ended; in upper case, its `WorkflowStatus`. */
export const FinalOutcome = z.enum(['completed', 'failed', 'cancelled']);
export type FinalOutcome = z.infer<typeof FinalOutcome>;

/** A place where an instance can rest. */
export const StateDefinition = z.strictObject({
  name: Name,
  description: Text.optional(),
  final: FinalOutcome.optional().describe('Present: the instance ends here, with this outcome.'),
  onEntry: Actions.optional().describe('Done when an instance comes here, as part of the move.'),
  onExit: Actions.optional().describe('Done when an instance leaves, as part of the move.'),
  timeout: z
    .strictObject({ after: Duration, to: Name })
    .optional()
    .describe(
      'Whoever is still here after so long goes there, also when an approval is open, which is withdrawn.',
    ),
  invoke: z
    .strictObject({
      template: DefinitionName,
      version: z.int().positive().optional(),
      businessKey: ExpressionText.optional(),
      context: ExpressionMap,
    })
    .optional()
    .describe(
      'A workflow that is started when an instance comes here. How it ends comes back as a signal: workflow.completed, workflow.failed or workflow.cancelled.',
    ),
  allowedTransitions: z
    .array(Name)
    .max(500)
    .optional()
    .describe(
      'The states that its transitions lead to, stated twice on purpose: validation wants them to agree.',
    ),
});
export type StateDefinition = z.infer<typeof StateDefinition>;

/** Who may send a signal: a person's or a service's id, `group:<name>`, `role:<name>`, or `system:trigger`. */
const Sender = z
  .string()
  .max(210)
  .regex(
    /^(group:|role:|system:)?[^\s:]+$/,
    'must be an id, group:<name>, role:<name> or system:trigger',
  );

/**
 * - `manual`: somebody asks for it.
 * - `automatic`: made as soon as the instance is in `from` and the condition holds.
 * - `{after}`: made when the instance has been in `from` for so long, if the condition holds then.
 * - `{signal, senders?}`: made when a signal of that name, from one of the senders, reaches the instance in `from` and the
 *   condition holds. Without senders anyone who is signed in may send it, and every trigger.
 */
export const TransitionTrigger = z.union([
  z.enum(['manual', 'automatic']),
  z.strictObject({ after: Duration }),
  z.strictObject({
    signal: Name,
    senders: z
      .array(Sender)
      .min(1)
      .max(200)
      .optional()
      .describe(
        'Who may send it: ids, group:<name>, role:<name>; system:trigger stands for triggers. Absent: anyone who is signed in, and every trigger.',
      ),
  }),
]);
export type TransitionTrigger = z.infer<typeof TransitionTrigger>;

/** The kind of a trigger, without its particulars. */
export type TriggerKind = 'manual' | 'automatic' | 'after' | 'signal';

export function triggerKind(trigger: TransitionTrigger): TriggerKind {
  if (typeof trigger === 'string') return trigger;
  return 'after' in trigger ? 'after' : 'signal';
}

/**
 * A way from one state to another. Several may share `from` and `event`: the first in the order of the
 * definition whose condition holds is taken.
 */
export const TransitionDefinition = z.strictObject({
  event: Name,
  from: Name,
  to: Name,
  description: Text.optional(),
  condition: ExpressionText.optional().describe(
    'CEL over context, and over input (what the caller or the signal sent) where there is some. Absent: always.',
  ),
  trigger: TransitionTrigger.default('manual').describe(
    'manual: somebody asks for it. automatic: made as soon as the condition holds. after: made when the instance has been in "from" for so long. signal: made when a signal of that name arrives.',
  ),
  action: Actions.optional().describe('Done before the move, when its approval has been given.'),
  requiresApproval: ApprovalPolicy.optional().describe('What has to be approved, and by whom.'),
  roles: z
    .array(z.string().min(1).max(100))
    .min(1)
    .max(50)
    .optional()
    .describe('Who may ask for a manual one, by role. Absent: anyone who is signed in.'),
});
export type TransitionDefinition = z.infer<typeof TransitionDefinition>;

/** A state that no instance may get to without an approval of at least this level on its way. */
export const Protection = z.strictObject({
  state: Name,
  level: z.enum(['SINGLE', 'DUAL', 'COMMITTEE']),
});
export type Protection = z.infer<typeof Protection>;

/**
 * A workflow as data. Unknown members are refused rather than ignored: a definition never promises
 * what is not enforced.
 */
export const WorkflowDefinition = z.strictObject({
  name: DefinitionName,
  title: z.string().min(1).max(200).optional(),
  description: Text.optional(),
  initial: Name.describe('The state that an instance starts in.'),
  states: z.array(StateDefinition).min(1).max(1_000),
  transitions: z.array(TransitionDefinition).max(5_000),
  contextSchema: z
    .array(ContextField)
    .max(200)
    .default([])
    .describe('Fields that the context is known to have. Others are allowed beside them.'),
  protected: z
    .array(Protection)
    .max(200)
    .optional()
    .describe('States that no instance may get to without an approval of at least this level.'),
  timeout: Duration.optional().describe('How long an instance may take as a whole.'),
  autoEscalate: z
    .union([z.boolean(), z.strictObject({ to: Name })], {
      error: 'must be true, false, or {"to": "<state>"}',
    })
    .optional()
    .describe(
      'What happens at the timeout: {to} moves the instance to that state, true leaves it where it is and raises an incident for people to look at. Absent or false: the instance fails.',
    ),
  operators: z
    .array(Approver)
    .min(1)
    .max(200)
    .optional()
    .describe(
      'Who may pause, resume, cancel and fail an instance, besides whoever started it, its administrators and group:workflow-admins.',
    ),
  administrators: z
    .array(Approver)
    .min(1)
    .max(200)
    .optional()
    .describe(
      'Who decides about forcing, migrating and resetting an instance. Absent: group:workflow-admins.',
    ),
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
export function conditionVariables({ trigger }: Pick<TransitionDefinition, 'trigger'>): string[] {
  const kind = triggerKind(trigger);
  return kind === 'manual' || kind === 'signal' ? ['context', 'input'] : ['context'];
}

/** Who decides about forcing, migrating and resetting instances of a definition that does not say. */
const DEFAULT_ADMINISTRATORS: readonly Approver[] = ['group:workflow-admins'];

/** Who decides about forcing, migrating and resetting an instance. */
export function administratorsOf(definition: WorkflowDefinition): readonly Approver[] {
  return definition.administrators ?? DEFAULT_ADMINISTRATORS;
}
