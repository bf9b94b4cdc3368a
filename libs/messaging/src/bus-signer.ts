import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/**
 * Vouches for what services say to each other: HMAC-SHA256 under a key that only services hold, over
 * the subject and the payload. Whoever can publish on the bus but lacks the key can neither act as
 * somebody nor pretend that something happened.
 */
export class BusSigner {
  readonly #key: KeyObject;

  /** @param key at least 32 bytes as hex. */
  constructor(key: string) {
    const bytes = Buffer.from(key, 'hex');
    this.#key = createSecretKey(bytes);
    if (bytes.length < 32) throw new TypeError('the bus key must be at least 32 bytes of hex');
  }

  sign(subject: string, payload: string | Uint8Array): string {
    return createHmac('sha256', this.#key)
      .update(subject)
      .update('\n')
      .update(payload)
      .digest('base64url');
  }

  verify(subject: string, payload: string | Uint8Array, signature: string): boolean {
    const expected = Buffer.from(this.sign(subject, payload));
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

/** Header that carries a signature. */
export const SIGNATURE_HEADER = 'Countersign-Signature';
