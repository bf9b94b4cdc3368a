import { type Actor, forbidden } from '@countersign/kernel';
import type { Organisation } from '@countersign/state-machine';

/**
 * Somebody with a verified token, as the directory knows them: a login becomes its person's, and roles and groups are
 * the directory's. Of people whom it never knew, the token says what they are.
 *
 * @throws AppError `auth.inactive` for whoever is inactive or has left: they may not even look, whatever their token says.
 */
export function knownAs(actor: Actor, organisation: Organisation): Actor {
  if (!organisation.knows(actor.id)) return actor;
  const person = organisation.person(actor.id);
  if (person?.active !== true) {
    throw forbidden('auth.inactive', 'the directory says that you are no longer there');
  }
  const { id, roles, groups } = person;
  return { ...actor, id, ...(id === actor.id ? {} : { login: actor.id }), roles, groups };
}
