import { forbidden, parseInput } from '@countersign/kernel';
import { devDirectory } from '@countersign/service-kit';
import { Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

import { Public } from '../auth/auth.guard.js';
import { DevIssuer } from '../auth/dev-issuer.js';
import { TokenVerifier } from '../auth/token-verifier.js';
import { Operation } from '../documents/operation.js';
import { API } from './api-path.js';

const TokenBody = z.strictObject({ user: z.string().min(1).max(200) });

const DevUsers = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      roles: z.array(z.string()),
      groups: z.array(z.string()),
      active: z.boolean(),
    }),
  ),
});

const DevToken = z.object({
  token: z.string().describe('a bearer token'),
  expiresAt: z.iso.datetime(),
});

/** Identities for developers. Refuses everything in production. */
@Public()
@Controller(`${API}/dev`)
export class DevController {
  constructor(@Inject(TokenVerifier) private readonly verifier: TokenVerifier) {}

  @Get('users')
  @Operation({
    summary: 'Who can sign in during development',
    reply: DevUsers,
    errors: { 403: ['dev.not-available'] },
  })
  users() {
    this.#issuer();
    return { items: devDirectory.people };
  }

  @Post('token')
  @HttpCode(200)
  @Operation({
    summary: 'Sign in as a development user',
    body: TokenBody,
    reply: DevToken,
    errors: { 403: ['dev.not-available'], 404: ['dev.user-not-found'] },
  })
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
