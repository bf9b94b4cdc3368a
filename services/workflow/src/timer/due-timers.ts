import {
  AppError,
  Clock,
  derivedId,
  hashOf,
  messageOf,
  newId,
  systemActor,
} from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { Log, PLATFORM, type Platform } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

import { WorkflowHandler } from '../workflow/workflow.handler.js';

const AT_A_TIME = 100;
/** How long an instance that has not moved is left alone: its tables lag behind, or its definition fails. */
const AGAIN_AFTER_MS = 15_000;
/** Tries at an instance whose timers cannot be fired for a reason of ours, and the pause after the first. */
const TRIES = 5;
const FIRST_PAUSE_MS = 1_000;
const MOST_REMEMBERED = 10_000;
const MAX_MESSAGE = 500;

interface Due {
  readonly workflow_id: string;
  readonly revision: number;
  readonly now: Date;
}

/** What came of a look. */
interface Look {
  /** Whether there may be more at once. */
  readonly more: boolean;
}

/**
 * Fires what is due by the read tables and the database's clock. An instance that fails is tried again a few times, with
 * longer and longer pauses in which others have their turn, and then is an incident.
 */
@Injectable()
export class DueTimers {
  /** Until when (Unix milliseconds) an instance is left alone at a revision. */
  readonly #aside = new LRUCache<string, number>({ max: MOST_REMEMBERED });
  readonly #failures = new LRUCache<string, number>({ max: MOST_REMEMBERED });

  constructor(
    @Inject(PLATFORM) private readonly platform: Pick<Platform, 'pool'>,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Log) private readonly log: Log,
    @Inject(WorkflowHandler)
    private readonly handler: Pick<WorkflowHandler, 'fireTimers' | 'timersFailed'>,
  ) {}

  /** Fires up to a hundred. */
  async look(): Promise<Look> {
    const now = this.clock.now().getTime();
    for (const [key, until] of [...this.#aside.entries()]) {
      if (until <= now) this.#aside.delete(key);
    }
    const { rows } = await this.platform.pool.query<Due>({
      name: 'workflow.timers-due',
      text: `SELECT workflow_id, revision, now() FROM public.workflow_instances
             WHERE due_at <= now()
               AND workflow_id || '@' || revision NOT IN (SELECT unnest($1::text[]))
             ORDER BY due_at LIMIT ${AT_A_TIME}`,
      values: [[...this.#aside.keys()]],
    });
    for (const instance of rows) this.#leaveAlone(instance, AGAIN_AFTER_MS);
    await Promise.all(rows.map((instance) => this.#fire(instance)));
    return { more: rows.length === AT_A_TIME };
  }

  /** Milliseconds until the next one is due by the database's clock; undefined when none is. */
  async next(): Promise<number | undefined> {
    const { rows } = await this.platform.pool.query<{ wait: number | null }>({
      name: 'workflow.timers-next',
      text: `SELECT extract(epoch FROM min(due_at) - now())::float8 * 1000 AS wait
             FROM public.workflow_instances WHERE due_at > now()`,
    });
    return rows[0]?.wait ?? undefined;
  }

  async #fire(instance: Due): Promise<void> {
    const { workflow_id: workflowId, revision, now } = instance;
    try {
      await this.handler.fireTimers(workflowId, commandFor(workflowId, revision), now);
      this.#failures.delete(workflowId);
    } catch (error) {
      this.log.warn({ workflowId, reason: messageOf(error) }, 'timers could not be fired');
      if (isPassing(error)) this.#leaveAlone(instance, FIRST_PAUSE_MS);
      else await this.#failed(instance, error);
    }
  }

  async #failed(instance: Due, error: unknown): Promise<void> {
    const { workflow_id: workflowId, revision } = instance;
    const failures = (this.#failures.get(workflowId) ?? 0) + 1;
    this.#failures.set(workflowId, failures);
    this.#leaveAlone(instance, FIRST_PAUSE_MS * 2 ** (failures - 1));
    if (failures < TRIES) return;
    this.log.error({ workflowId, error }, 'timers are given up');
    const why = `its timers could not be fired, ${TRIES} times: ${messageOf(error)}`;
    try {
      const context = commandFor(workflowId, revision);
      await this.handler.timersFailed(workflowId, context, why.slice(0, MAX_MESSAGE));
      this.#failures.delete(workflowId);
    } catch (failure) {
      this.log.error({ workflowId, reason: messageOf(failure) }, 'nor could that be said');
      this.#leaveAlone(instance, AGAIN_AFTER_MS);
    }
  }

  #leaveAlone({ workflow_id: workflowId, revision }: Due, ms: number): void {
    this.#aside.set(`${workflowId}@${revision}`, this.clock.now().getTime() + ms);
  }
}

/** What is nobody's fault and over in a moment. */
function isPassing(error: unknown): boolean {
  return error instanceof AppError && (error.kind === 'unavailable' || error.kind === 'conflict');
}

function commandFor(workflowId: string, revision: number): CommandContext {
  const commandId = derivedId('timers', workflowId, newId());
  const ids = { commandId, correlationId: workflowId, causationId: workflowId };
  return { ...ids, commandHash: hashOf(revision), actor: systemActor('workflow') };
}
