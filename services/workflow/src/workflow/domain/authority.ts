import { type Actor, forbidden, isAdministrator, isSystem } from '@countersign/kernel';
import { administratorsOf, type CompiledDefinition, namedAs } from '@countersign/state-machine';

import type { ExistingWorkflow } from './state.js';

/**
 * Who may activate, pause, resume, cancel, fail and retry an instance: whoever started it, administrators, those whom its definition names,
 * and the parts of the product.
 *
 * @throws AppError `forbidden` `workflow.operators-only`
 */
export function mustOperate(
  { startedBy }: Pick<ExistingWorkflow, 'startedBy'>,
  { definition }: CompiledDefinition,
  actor: Actor,
): void {
  if (actor.id === startedBy || isSystem(actor) || isAdministrator(actor)) return;
  const named = [...administratorsOf(definition), ...(definition.operators ?? [])];
  if (namedAs(named, actor) !== undefined) return;
  const message = 'this takes who started the workflow, or one of its operators or administrators';
  throw forbidden('workflow.operators-only', message, { details: { startedBy, operators: named } });
}
