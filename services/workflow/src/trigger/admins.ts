import { type Actor, forbidden, isSystem } from '@countersign/kernel';

/** The group whose members manage triggers and have incidents tried again. */
const ADMINS = 'workflow-admins';

/** @throws AppError `trigger.not-allowed`. */
export function mustBeAdmin(actor: Actor): void {
  if (isSystem(actor) || actor.groups.includes(ADMINS)) return;
  throw forbidden('trigger.not-allowed', `this takes a member of the group ${ADMINS}`);
}
