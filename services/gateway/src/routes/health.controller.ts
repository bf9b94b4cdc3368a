import { unavailable } from '@countersign/kernel';
import { askReadiness, PLATFORM, type Platform } from '@countersign/service-kit';
import { Controller, Get, Inject } from '@nestjs/common';
import { z } from 'zod';

import { Public } from '../auth/auth.guard.js';
import { Operation } from '../documents/operation.js';

const SERVICES = ['workflow', 'approval', 'template', 'projector'];

@Public()
@Controller('health')
export class HealthController {
  constructor(@Inject(PLATFORM) private readonly platform: Platform) {}

  /** Whether this process answers at all. */
  @Get('live')
  @Operation({
    summary: 'Whether the gateway answers at all',
    reply: z.object({ status: z.literal('live') }),
  })
  live() {
    return { status: 'live' };
  }

  /** Whether the whole product is of use. @throws AppError `health.not-ready`, naming what is waited for. */
  @Get('ready')
  @Operation({
    summary: 'Whether the whole product is of use',
    reply: z.object({
      status: z.literal('ready'),
      instance: z.string().optional().describe('what the one who started it calls it'),
    }),
    errors: { 503: ['health.not-ready'] },
  })
  async ready() {
    const { bus, signer, config } = this.platform;
    const replies = await Promise.all(
      SERVICES.map(async (service) => {
        const { ready, waiting } = await askReadiness(bus, signer, service);
        return ready ? [] : waiting.map((check) => `${service}: ${check}`);
      }),
    );
    const waiting = replies.flat();
    const { COUNTERSIGN_INSTANCE: instance } = config;
    if (waiting.length === 0) return { status: 'ready', ...(instance ? { instance } : {}) };
    throw unavailable('health.not-ready', 'not everything is up yet', { details: { waiting } });
  }
}
