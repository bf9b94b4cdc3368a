import { type Actor, forbidden, isAdministrator, isSystem } from '@countersign/kernel';
import {
  type Approver,
  administratorsOf,
  type CompiledDefinition,
  namedAs,
  type Organisation,
} from '@countersign/state-machine';

import type { ExistingWorkflow } from './state.js';

/** Whether somebody is an administrator of all instances, or of those of a definition. */
export function administers(
  { definition }: CompiledDefinition,
  actor: Actor,
  organisation: Organisation,
): boolean {
  return isAdministrator(actor) || isNamed(administratorsOf(definition), actor, organisation);
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
  organisation: Organisation,
): void {
  const isStarter = organisation.personOf(actor.id) === organisation.personOf(startedBy);
  if (isStarter || isSystem(actor) || isAdministrator(actor)) return;
  const named = [...administratorsOf(definition), ...(definition.operators ?? [])];
  if (isNamed(named, actor, organisation)) return;
  const message = 'this takes who started the workflow, or one of its operators or administrators';
  throw forbidden('workflow.operators-only', message, { details: { startedBy, operators: named } });
}

/** Whether a list names somebody, by whatever id or login of theirs. */
function isNamed(list: readonly Approver[], actor: Actor, organisation: Organisation): boolean {
  const names = list.map((name) => organisation.personOf(name));
  return namedAs(names, { ...actor, id: organisation.personOf(actor.id) }) !== undefined;
}
