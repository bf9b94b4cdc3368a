import { AppError, type Clock, unavailable } from '@countersign/kernel';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';

import type { OidcConfig } from '../config.js';
import { rejected, toVerified } from './claims.js';
import { TokenVerifier, type VerifiedToken } from './token-verifier.js';

/** Asymmetric only: with a shared secret in the list, a public key could be used to forge tokens. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** How far the issuer's clock may differ. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** Checks tokens of the organisation's identity provider against its published keys. */
export class OidcVerifier extends TokenVerifier {
  readonly #keys: JWTVerifyGetKey;

  constructor(
    private readonly config: OidcConfig,
    private readonly clock: Clock,
    keys: JWTVerifyGetKey = createRemoteJWKSet(new URL(config.jwksUri)),
  ) {
    super();
    this.#keys = keys;
  }

  override async verify(token: string): Promise<VerifiedToken> {
    const { issuer, audience, rolesClaim, groupsClaim } = this.config;
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        algorithms: ALGORITHMS,
        issuer,
        audience,
        requiredClaims: ['sub', 'iat', 'exp'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: this.clock.now(),
      });
      return toVerified(payload, { roles: rolesClaim, groups: groupsClaim }, 'bearer');
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (isAboutTheToken(error)) throw rejected(error);
      // A token that cannot be checked is neither good nor bad.
      throw unavailable('auth.issuer-unreachable', "the issuer's keys cannot be read now", {
        cause: error,
      });
    }
  }
}

/** Tells a bad token from keys that could not be fetched: a timeout, or a plain error of the transport. */
function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    error.code !== errors.JOSEError.code
  );
}
