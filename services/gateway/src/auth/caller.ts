import { type Actor, unauthenticated } from '@countersign/kernel';
import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard, once the token was verified. */
    caller: Actor | null;
  }
}

/** The verified identity behind a request. @throws AppError `auth.token-missing` on a public route. */
export function callerOf(request: FastifyRequest): Actor {
  if (!request.caller) throw unauthenticated('auth.token-missing', 'a bearer token is needed');
  return request.caller;
}
