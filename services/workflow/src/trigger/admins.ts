import {
  type Actor,
  ADMINISTRATORS,
  forbidden,
  isAdministrator,
  isSystem,
} from '@countersign/kernel';

/** @throws AppError `trigger.not-allowed`. */
export function mustBeAdmin(actor: Actor): void {
  if (isSystem(actor) || isAdministrator(actor)) return;
  throw forbidden('trigger.not-allowed', `this takes a member of the group ${ADMINISTRATORS}`);
}
