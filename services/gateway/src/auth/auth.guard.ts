import { type Actor, invalid, unauthenticated } from '@countersign/kernel';
import { DirectoryReader } from '@countersign/service-kit';
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  SetMetadata,
  type Type,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';

import { knownAs } from './known-as.js';
import { invalidToken } from './token-verifier.js';
import { VerifiedTokens } from './verified-tokens.js';

const PUBLIC = 'countersign:public';

/** Marks a controller whose routes need no token. */
export const Public = () => SetMetadata(PUBLIC, true);

/** Whether a controller's routes need no token. */
export const isPublic = (controller: Type): boolean =>
  new Reflector().get<boolean | undefined>(PUBLIC, controller) === true;

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Of several, this and whatever stands before it may each take another. @throws AppError `auth.token-repeated` */
function mustBeOne(headers: readonly string[]): void {
  const is = (text: string, index: number) =>
    index % 2 === 0 && text.toLowerCase() === 'authorization';
  if (headers.findIndex(is) === headers.findLastIndex(is)) return;
  throw invalid('auth.token-repeated', 'the request has more than one Authorization');
}

/** Lets nobody in without a verified identity, except to what is marked `Public`. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    @Inject(VerifiedTokens) private readonly tokens: VerifiedTokens,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (this.reflector.get<boolean>(PUBLIC, context.getClass())) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    mustBeOne(request.raw.rawHeaders);
    const { authorization } = request.headers;
    if (authorization === undefined) {
      throw unauthenticated('auth.token-missing', 'a bearer token is needed');
    }
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw invalidToken();
    const actor = this.tokens.actorOf(token);
    if (!(actor instanceof Promise)) return this.#let(request, actor);
    return actor.then((verified) => this.#let(request, verified));
  }

  #let(request: FastifyRequest, actor: Actor): true {
    request.caller = knownAs(actor, this.directory.current);
    return true;
  }
}
