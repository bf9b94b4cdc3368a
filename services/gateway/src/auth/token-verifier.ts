import type { Actor } from '@countersign/kernel';
import { unauthenticated } from '@countersign/kernel';

/** An identity that a token proves, and for how long. */
export interface VerifiedToken {
  readonly actor: Actor;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Checks bearer tokens. */
export abstract class TokenVerifier {
  /**
   * @throws AppError `unauthenticated` (`auth.token-invalid`, `auth.token-expired`) when the token
   * proves nothing; `unavailable` (`auth.issuer-unreachable`) when that cannot be told now.
   */
  abstract verify(token: string): Promise<VerifiedToken>;
}

export const invalidToken = (cause?: unknown) =>
  unauthenticated('auth.token-invalid', 'the token is not valid', { cause });

export const expiredToken = (cause?: unknown) =>
  unauthenticated('auth.token-expired', 'the token has expired', { cause });
