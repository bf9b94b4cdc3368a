import { z } from 'zod';

import { isPlainName } from './text.js';

/**
 * A verified identity: whoever a command acts for. It is only ever built from a checked token or by
 * a service acting as the system, never from a request body.
 */
export const Actor = z.object({
  /** The person, e.g. `alice`, or the part of the product, e.g. `system:trigger`. */
  id: z.string().min(1).max(200),
  /** The verified subject, where it is another login of that person. */
  login: z.string().min(1).max(200).optional(),
  roles: z.array(z.string().min(1).max(100)).max(100),
  groups: z.array(z.string().min(1).max(100)).max(100),
  /** How the identity was proven: `dev-token`, `bearer`, `service`. */
  authMethod: z.string().min(1).max(50),
  /** When the person last proved who they are, as far as the token says. */
  authenticatedAt: z.iso.datetime().optional(),
  /** The person or system that this identity acts for, when it is not itself. */
  onBehalfOf: z.string().min(1).max(200).optional(),
});
export type Actor = z.infer<typeof Actor>;

const SYSTEM_PREFIX = 'system:';

/** Whether an id can be that of a person: not a part of the product, a role or a group, nor what looks like another. */
export function isPersonId(id: string): boolean {
  return isPlainName(id) && !/^(system|role|group):/.test(id);
}

/** The identity of a part of the product that acts by itself, e.g. `system:approval`. */
export function systemActor(name: string): Actor {
  return { id: `${SYSTEM_PREFIX}${name}`, roles: ['system'], groups: [], authMethod: 'service' };
}

/** Whether an actor is a part of the product rather than a person or an outside machine. */
export function isSystem(actor: Actor): boolean {
  return actor.authMethod === 'service' && isSystemId(actor.id);
}

/** Whether an id is that of a part of the product; nobody's token has such a one. */
export function isSystemId(id: string): boolean {
  return id.startsWith(SYSTEM_PREFIX);
}

/** The group whose members manage triggers, incidents, templates in use and many instances at once. */
export const ADMINISTRATORS = 'workflow-admins';

/** Whether somebody is a member of `ADMINISTRATORS`. */
export function isAdministrator({ groups }: Pick<Actor, 'groups'>): boolean {
  return groups.includes(ADMINISTRATORS);
}
