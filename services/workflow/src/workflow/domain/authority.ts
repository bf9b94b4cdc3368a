import { type Actor, forbidden, isAdministrator, isSystem } from '@countersign/kernel';
import { administratorsOf, type CompiledDefinition, namedAs } from '@countersign/state-machine';

import type { ExistingWorkflow } from './state.js';

/** Whether somebody is an administrator of all instances, or of those of a definition. */
export function administers({ definition }: CompiledDefinition, actor: Actor): boolean {
  return isAdministrator(actor) || namedAs(administratorsOf(definition), actor) !== undefined;
}

/**
 * Who may activate, pause, resume, cancel, fail and retry an instance, and ask to force, reset or migrate it: whoever started it, administrators, those whom its definition names,
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
