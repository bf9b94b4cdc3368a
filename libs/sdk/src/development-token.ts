import { z } from 'zod';

import { baseOf } from './base-url.js';
import type { ConnectionOptions } from './http.js';
import { CountersignError, jsonIn, problemOf } from './problem.js';

const Token = z.object({ token: z.string() });

/**
 * Signs in as one of the development users of `npm start`; in production the server has no such thing. The token is
 * kept until it is refused.
 *
 * @throws CountersignError `sdk.bad-options` for an address that is none; from the function that it answers, such as `dev.user-not-found`.
 */
export function developmentToken(url: string, user: string): ConnectionOptions['token'] {
  const base = baseOf(url);
  let token: Promise<string> | undefined;
  return (rejected) => {
    if (rejected !== undefined) token = undefined;
    token ??= signIn(base, user).catch((error: unknown) => {
      token = undefined;
      throw error;
    });
    return token;
  };
}

async function signIn(base: URL, user: string): Promise<string> {
  const address = new URL('api/v1/dev/token', base);
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  }).catch((cause: unknown) => {
    const context = { status: 0, cause };
    throw new CountersignError('sdk.unreachable', `${address.origin} does not answer`, context);
  });
  const text = await response.text();
  if (!response.ok) throw problemOf(response, text);
  return Token.parse(jsonIn(text)).token;
}
