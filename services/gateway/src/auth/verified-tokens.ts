import { type Actor, type Clock, sha256 } from '@countersign/kernel';
import { LRUCache } from 'lru-cache';

import type { TokenVerifier, VerifiedToken } from './token-verifier.js';

const MAX_REMEMBERED = 10_000;

/**
 * Remembers tokens that were found good until they expire, so that a signature is checked once and
 * not on every request. Kept under the token's hash: a memory dump holds no usable token.
 */
export class VerifiedTokens {
  readonly #verified = new LRUCache<string, VerifiedToken>({ max: MAX_REMEMBERED });

  constructor(
    private readonly verifier: TokenVerifier,
    private readonly clock: Clock,
  ) {}

  /** The identity, at once when the token is known. @throws AppError see `TokenVerifier.verify`. */
  actorOf(token: string): Actor | Promise<Actor> {
    const key = sha256(token);
    const known = this.#verified.get(key);
    if (known && known.expiresAt > this.clock.now().getTime()) return known.actor;
    return this.#verify(key, token);
  }

  async #verify(key: string, token: string): Promise<Actor> {
    this.#verified.delete(key);
    const verified = await this.verifier.verify(token);
    this.#verified.set(key, verified);
    return verified.actor;
  }
}
