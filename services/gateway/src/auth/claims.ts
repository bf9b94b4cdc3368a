import { Actor, isPersonId, isPlainName, messageOf } from '@countersign/kernel';
import { errors, type JWTPayload } from 'jose';

import { expiredToken, invalidToken, type VerifiedToken } from './token-verifier.js';

/** Which claims hold a person's roles and groups. */
interface ClaimNames {
  readonly roles: string;
  readonly groups: string;
}

/**
 * The identity in a verified token's claims.
 *
 * @throws AppError `auth.token-invalid` when they do not describe one, or name somebody in a way that
 * could be taken for another, a role or a group: see `isPersonId`.
 */
export function toVerified(
  payload: JWTPayload,
  names: ClaimNames,
  authMethod: string,
): VerifiedToken {
  const actor = Actor.safeParse({
    id: payload.sub,
    roles: payload[names.roles] ?? [],
    groups: payload[names.groups] ?? [],
    authMethod,
    ...authenticatedAt(payload['auth_time']),
  });
  if (!actor.success) throw invalidToken(actor.error);
  const { id, roles, groups } = actor.data;
  if (payload.exp === undefined || !isPersonId(id)) throw invalidToken();
  if (![...roles, ...groups].every(isPlainName)) throw invalidToken();
  return { actor: actor.data, expiresAt: payload.exp * 1000 };
}

/** When somebody signed in, of the claim of OpenID Connect: seconds since the epoch. */
function authenticatedAt(authTime: unknown): Pick<Actor, 'authenticatedAt'> {
  if (typeof authTime !== 'number') return {};
  const at = new Date(authTime * 1000);
  return Number.isNaN(at.getTime()) ? {} : { authenticatedAt: at.toISOString() };
}

/** What a failed verification means to the caller; anything that is not about the token passes through. */
export function rejected(error: unknown): Error {
  if (error instanceof errors.JWTExpired) return expiredToken(error);
  if (error instanceof errors.JOSEError) return invalidToken(error);
  return error instanceof Error ? error : new Error(messageOf(error), { cause: error });
}
