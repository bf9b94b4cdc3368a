import { Clock } from '@countersign/kernel';
import { PLATFORM, type Platform } from '@countersign/service-kit';
import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';

import { loadGatewayConfig } from '../config.js';
import { AuthGuard } from './auth.guard.js';
import { DevIssuer } from './dev-issuer.js';
import { OidcVerifier } from './oidc-verifier.js';
import { TokenVerifier } from './token-verifier.js';
import { VerifiedTokens } from './verified-tokens.js';

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** In production the organisation's issuer and nothing else; elsewhere the development issuer and nothing else. */
@Module({
  providers: [
    {
      provide: TokenVerifier,
      inject: [PLATFORM],
      useFactory: ({ config, clock, log }: Platform): TokenVerifier => {
        const { oidc } = loadGatewayConfig(config);
        if (oidc) return new OidcVerifier(oidc, clock);
        if (!LOOPBACK.includes(config.HOST)) {
          log.warn({ host: config.HOST }, 'anybody who reaches this host can act as anybody');
        }
        return new DevIssuer(config.COUNTERSIGN_BUS_KEY, clock);
      },
    },
    {
      provide: VerifiedTokens,
      inject: [TokenVerifier, Clock],
      useFactory: (verifier: TokenVerifier, clock: Clock) => new VerifiedTokens(verifier, clock),
    },
    { provide: APP_GUARD, useClass: AuthGuard },
  ],
  exports: [TokenVerifier],
})
export class AuthModule {}
