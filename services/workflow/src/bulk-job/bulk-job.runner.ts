import { derivedId, hashOf, newId, systemActor } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { LeaderLoop, Log, PLATFORM, type Platform } from '@countersign/service-kit';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';

import { Definitions } from '../definition/definitions.js';
import { BulkItems } from './bulk-items.js';
import { BulkJobs } from './bulk-jobs.js';
import { finishStopping, recordResults } from './domain/decider.js';
import { type ExistingBulkJob, type ItemResult, remainingItems } from './domain/state.js';

/** Milliseconds between looks for jobs that nobody in this process has asked for, and after a failure. */
const LOOK_EVERY_MS = 1_000;
/** Instances that are changed at the same time. */
const CONCURRENCY = 8;
/**
 * Items whose results are recorded together. A runner works through a job in order and records before it goes
 * on, so what was done and not recorded is among this many that are next, also after a kill.
 */
const WINDOW = 32;

/**
 * Works through bulk jobs, several at a time in turns. Which are open stands in the read tables. One process at a
 * time does it, for the sake of speed only: should two meet, each item is still done once, and recorded once.
 */
@Injectable()
export class BulkJobRunner implements OnModuleInit, OnApplicationShutdown {
  /** Jobs that the read tables may not show yet. */
  readonly #woken = new Set<string>();
  readonly #loop: LeaderLoop;

  constructor(
    @Inject(PLATFORM) private readonly platform: Platform,
    @Inject(Log) log: Log,
    @Inject(BulkJobs) private readonly jobs: BulkJobs,
    @Inject(BulkItems) private readonly items: BulkItems,
    @Inject(Definitions) private readonly definitions: Definitions,
  ) {
    this.#loop = new LeaderLoop(platform.leadership, log, {
      name: 'workflow.bulk-jobs',
      everyMs: LOOK_EVERY_MS,
      round: (signal) => this.#round(signal),
    });
  }

  onModuleInit(): void {
    this.#loop.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.#loop.stop();
  }

  /** Says that there may be something to do for a job. */
  wake(jobId: string): void {
    this.#woken.add(jobId);
    this.#loop.wake();
  }

  /** A window of each job that is open. Answers whether there was anything to do. */
  async #round(signal: AbortSignal): Promise<boolean> {
    const { rows } = await this.platform.pool.query<{ job_id: string }>({
      name: 'workflow.bulk-jobs-open',
      text: `SELECT job_id FROM public.bulk_jobs WHERE ended_at IS NULL
             AND status <> 'AWAITING_APPROVAL' ORDER BY created_at, job_id`,
    });
    let worked = false;
    for (const jobId of new Set([...rows.map(({ job_id }) => job_id), ...this.#woken])) {
      if (signal.aborted) break;
      const job = await this.jobs.load(BulkJobs.streamOf(jobId));
      if (job.kind === 'existing' && job.status === 'RUNNING') {
        await this.#advance(job, signal);
        worked = true;
      } else if (job.kind === 'existing' && job.status === 'STOPPING') {
        await this.#windUp(job);
        worked = true;
      } else {
        this.#woken.delete(jobId);
      }
    }
    return worked;
  }

  async #advance(job: ExistingBulkJob, signal: AbortSignal): Promise<void> {
    const hash = job.migration?.definitionHash;
    const target =
      hash === undefined ? undefined : { hash, compiled: await this.definitions.compiled(hash) };
    const queue = remainingItems(job).slice(0, WINDOW);
    const results: ItemResult[] = [];
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const result = await this.items.change(job, next, target, signal);
        if (result) results.push(result);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    await this.#record(job, results);
  }

  /** What was under way is recorded, and the rest left as it is. */
  async #windUp(job: ExistingBulkJob): Promise<void> {
    const next = remainingItems(job).slice(0, WINDOW);
    const known = await Promise.all(next.map((id) => this.items.alreadyDone(job, id)));
    await this.#record(
      job,
      known.filter((result) => result !== undefined),
    );
    await this.jobs.execute(BulkJobs.streamOf(job.jobId), runnersContext(job), finishStopping);
  }

  async #record(job: ExistingBulkJob, results: readonly ItemResult[]): Promise<void> {
    if (results.length === 0) return;
    await this.jobs.execute(BulkJobs.streamOf(job.jobId), runnersContext(job), (state) =>
      recordResults(state, results),
    );
  }
}

function runnersContext({ jobId, requestedBy }: ExistingBulkJob): CommandContext {
  const commandId = derivedId('bulk job progress', jobId, newId());
  const actor = { ...systemActor('workflow'), onBehalfOf: requestedBy };
  const ids = { correlationId: jobId, causationId: jobId };
  return { commandId, commandHash: hashOf(commandId), ...ids, actor };
}
