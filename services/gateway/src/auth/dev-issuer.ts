import { type Clock, notFound } from '@countersign/kernel';
import { jwtVerify, SignJWT } from 'jose';
import { hkdfSync } from 'node:crypto';

import { rejected, toVerified } from './claims.js';
import { devDirectory } from '@countersign/service-kit';
import { TokenVerifier, type VerifiedToken } from './token-verifier.js';

const ISSUER = 'urn:countersign:dev-issuer';
const AUDIENCE = 'countersign';
const ALGORITHM = 'HS256';
const VALIDITY_SECONDS = 8 * 60 * 60;

/** Vouches for the people of the development directory on a developer's machine. There is none in production. */
export class DevIssuer extends TokenVerifier {
  readonly #key: Uint8Array;

  /** @param busKey hex; the signing key is derived from it, so that neither stands in for the other. */
  constructor(
    busKey: string,
    private readonly clock: Clock,
  ) {
    super();
    const secret = Buffer.from(busKey, 'hex');
    this.#key = new Uint8Array(hkdfSync('sha256', secret, '', 'countersign.dev-issuer.v1', 32));
  }

  /**
   * A token for one of the development users.
   *
   * @throws AppError `not-found` `dev.user-not-found`.
   */
  async issue(userId: string): Promise<{ token: string; expiresAt: string }> {
    const user = devDirectory.people.find(({ id }) => id === userId);
    if (!user) {
      throw notFound('dev.user-not-found', 'there is no such development user', {
        details: { users: devDirectory.people.map(({ id }) => id) },
      });
    }
    const issuedAt = Math.floor(this.clock.now().getTime() / 1000);
    const expiresAt = issuedAt + VALIDITY_SECONDS;
    const token = await new SignJWT({
      roles: [...user.roles],
      groups: [...user.groups],
      // To be given a token is all that signing in is here.
      auth_time: issuedAt,
    })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(user.id)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(this.#key);
    return { token, expiresAt: new Date(expiresAt * 1000).toISOString() };
  }

  override async verify(token: string): Promise<VerifiedToken> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        requiredClaims: ['sub', 'iat', 'exp'],
        currentDate: this.clock.now(),
      });
      return toVerified(payload, { roles: 'roles', groups: 'groups' }, 'dev-token');
    } catch (error) {
      throw rejected(error);
    }
  }
}
