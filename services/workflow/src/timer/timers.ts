import { derivedId, hashOf, messageOf, newId, systemActor } from '@countersign/kernel';
import { Log, PLATFORM, type Platform } from '@countersign/service-kit';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { setTimeout as sleep } from 'node:timers/promises';

import { WorkflowHandler } from '../workflow/workflow.handler.js';

/** Milliseconds between looks when nothing is known to be due sooner, and after a failure. */
const LOOK_EVERY_MS = 1_000;
const AT_A_TIME = 100;
/** How long an instance that has not moved is left alone: its tables lag behind, or its definition fails. */
const AGAIN_AFTER_MS = 15_000;

interface Due {
  readonly workflow_id: string;
  readonly revision: number;
  readonly now: Date;
}

/**
 * Fires the timers of instances. They are events, and a column of the read tables says when each instance's next
 * one is due, so they survive restarts and rebuilds. The database's clock decides for all. Any number of processes may
 * look: an instance whose timer has been fired by another ignores the second time.
 */
@Injectable()
export class Timers implements OnModuleInit, OnApplicationShutdown {
  readonly #stop = new AbortController();
  readonly #fired = new LRUCache<string, true>({ max: 10_000, ttl: AGAIN_AFTER_MS });
  #running: Promise<void> | undefined;

  constructor(
    @Inject(PLATFORM) private readonly platform: Platform,
    @Inject(Log) private readonly log: Log,
    @Inject(WorkflowHandler) private readonly handler: WorkflowHandler,
  ) {}

  onModuleInit(): void {
    this.#running = this.#run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const wait = await this.#look().catch((error: unknown) => {
        this.log.debug({ reason: messageOf(error) }, 'could not look for timers');
        return LOOK_EVERY_MS;
      });
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Milliseconds until it is worth looking again. */
  async #look(): Promise<number> {
    const { rows } = await this.platform.pool.query<Due>({
      name: 'workflow.timers-due',
      text: `SELECT workflow_id, revision, now() FROM public.workflow_instances
             WHERE due_at <= now() ORDER BY due_at LIMIT ${AT_A_TIME}`,
    });
    const due = rows.filter(({ workflow_id, revision }) => {
      const key = `${workflow_id}@${revision}`;
      return !this.#fired.has(key) && this.#fired.set(key, true);
    });
    await Promise.all(due.map((instance) => this.#fire(instance)));
    if (rows.length === AT_A_TIME && due.length > 0) return 0;
    const next = await this.platform.pool.query<{ wait: number | null }>({
      name: 'workflow.timers-next',
      text: `SELECT extract(epoch FROM min(due_at) - now())::float8 * 1000 AS wait
             FROM public.workflow_instances WHERE due_at > now()`,
    });
    const wait = next.rows[0]?.wait ?? LOOK_EVERY_MS;
    return Math.min(LOOK_EVERY_MS, Math.max(10, wait));
  }

  async #fire({ workflow_id: workflowId, revision, now }: Due): Promise<void> {
    const commandId = derivedId('timers', workflowId, newId());
    const ids = { commandId, correlationId: workflowId, causationId: workflowId };
    const context = { ...ids, commandHash: hashOf(revision), actor: systemActor('workflow') };
    try {
      await this.handler.fireTimers(workflowId, context, now);
    } catch (error) {
      this.log.warn({ workflowId, reason: messageOf(error) }, 'timers could not be fired');
      this.#fired.delete(`${workflowId}@${revision}`);
    }
  }
}
