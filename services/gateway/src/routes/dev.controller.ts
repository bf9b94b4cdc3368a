import { forbidden, parseInput } from '@countersign/kernel';
import { Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

import { Public } from '../auth/auth.guard.js';
import { DevIssuer } from '../auth/dev-issuer.js';
import { devUsers } from '../auth/dev-users.js';
import { TokenVerifier } from '../auth/token-verifier.js';
import { API } from './api-path.js';

const TokenBody = z.strictObject({ user: z.string().min(1).max(200) });

/** Identities for developers. Refuses everything in production. */
@Public()
@Controller(`${API}/dev`)
export class DevController {
  constructor(@Inject(TokenVerifier) private readonly verifier: TokenVerifier) {}

  @Get('users')
  users() {
    this.#issuer();
    return { items: devUsers };
  }

  @Post('token')
  @HttpCode(200)
  token(@Req() request: FastifyRequest) {
    const issuer = this.#issuer();
    return issuer.issue(parseInput(TokenBody, request.body).user);
  }

  /** Whose tokens are not the ones that are believed must not issue any. */
  #issuer(): DevIssuer {
    if (this.verifier instanceof DevIssuer) return this.verifier;
    throw forbidden('dev.not-available', 'there is no development issuer in production');
  }
}
