import type { Actor } from '@countersign/kernel';
import type { Organisation } from '@countersign/state-machine';

/**
 * Somebody with a verified token, as the directory knows them: a login becomes its person's, and roles and groups are
 * the directory's, none for whoever is inactive or has left. Of people whom it never knew, the token says what they are.
 */
export function knownAs(actor: Actor, organisation: Organisation): Actor {
  if (!organisation.knows(actor.id)) return actor;
  const person = organisation.person(actor.id);
  const { roles, groups } = person?.active === true ? person : { roles: [], groups: [] };
  const { id = actor.id } = person ?? {};
  return { ...actor, id, ...(id === actor.id ? {} : { login: actor.id }), roles, groups };
}
