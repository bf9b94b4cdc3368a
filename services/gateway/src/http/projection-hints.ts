import { PROJECTED_SUBJECT } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { PLATFORM, type Platform } from '@countersign/service-kit';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { z } from 'zod';

import { ProjectionProgress } from './projection-progress.js';

const Hint = z.object({ position: z.string() });

/** Progress as this process's database tells it. */
export const projectionProgress = {
  provide: ProjectionProgress,
  inject: [PLATFORM, EventStore],
  useFactory: ({ pool }: Platform, store: EventStore) => {
    const progress = new ProjectionProgress(store, async () => {
      const { rows } = await pool.query<{ position: string | null }>({
        name: 'gateway.checkpoint',
        text: 'SELECT position FROM projection_checkpoint',
      });
      return rows[0]?.position ?? null;
    });
    // A crash of Postgres ends all sessions, and nobody reads from it again without a new one.
    for (const event of ['connect', 'error', 'remove'] as const) {
      pool.on(event, () => {
        progress.forget();
      });
    }
    return progress;
  },
};

/** Listens to the projector. */
@Injectable()
export class ProjectionHints implements OnModuleInit, OnModuleDestroy {
  #stop: (() => void) | undefined;

  constructor(
    @Inject(PLATFORM) private readonly platform: Platform,
    @Inject(ProjectionProgress) private readonly progress: ProjectionProgress,
  ) {}

  onModuleInit(): void {
    const subscription = this.platform.bus.subscribe(PROJECTED_SUBJECT, {
      callback: (error, message) => {
        const position = error ? undefined : positionIn(message.string());
        if (position !== undefined) this.progress.notice(position);
      },
    });
    this.#stop = () => {
      subscription.unsubscribe();
    };
  }

  onModuleDestroy(): void {
    this.#stop?.();
    this.progress.close();
  }
}

/** Anything that is no hint is ignored: the checkpoint is looked at anyway. */
function positionIn(text: string): string | undefined {
  try {
    return Hint.parse(JSON.parse(text)).position;
  } catch {
    return undefined;
  }
}
