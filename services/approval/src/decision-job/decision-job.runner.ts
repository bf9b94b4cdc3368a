import {
  type Actor,
  AppError,
  derivedId,
  hashOf,
  messageOf,
  systemActor,
} from '@countersign/kernel';
import { type CommandContext, EventOffers } from '@countersign/messaging';
import { LeaderLoop, Log, PLATFORM, type Platform } from '@countersign/service-kit';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import pLimit from 'p-limit';

import { ApprovalHandler } from '../approval/approval.handler.js';
import { DecisionJobs } from './decision-jobs.js';
import { recordResults } from './domain/decider.js';
import { type ExistingDecisionJob, type ItemResult, remainingItems } from './domain/state.js';

const LOOK_EVERY_MS = 1_000;
/** Approvals that are decided at the same time. */
const CONCURRENCY = 8;
/** Approvals whose results are recorded together. */
const WINDOW = 32;
/** What is kept of why an approval could not be decided, in characters. */
const MAX_MESSAGE = 500;

/**
 * Works through jobs that decide many approvals. Each decision is a command with an id of its own that follows from
 * the job's, so that one which was made and not recorded before a crash is found made, and not made twice.
 */
@Injectable()
export class DecisionJobRunner implements OnModuleInit, OnApplicationShutdown {
  readonly #loop: LeaderLoop;
  /** Jobs that the read tables may not show yet. */
  readonly #woken = new Set<string>();

  constructor(
    @Inject(PLATFORM) private readonly platform: Platform,
    @Inject(Log) private readonly log: Log,
    @Inject(DecisionJobs) private readonly jobs: DecisionJobs,
    @Inject(ApprovalHandler) private readonly approvals: ApprovalHandler,
    @Inject(EventOffers) private readonly offers: EventOffers,
  ) {
    this.#loop = new LeaderLoop(platform.leadership, log, {
      name: 'approval.decision-jobs',
      everyMs: LOOK_EVERY_MS,
      round: (signal) => this.#round(signal),
    });
  }

  onModuleInit(): void {
    this.#loop.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#loop.stop();
  }

  /** Says that there is something to do for a job. */
  wake(jobId: string): void {
    this.#woken.add(jobId);
    this.#loop.wake();
  }

  /** A window of each job that is open. */
  async #round(signal: AbortSignal): Promise<boolean> {
    const { rows } = await this.platform.pool.query<{ job_id: string }>({
      name: 'approval.decision-jobs-open',
      text: `SELECT job_id FROM public.decision_jobs WHERE ended_at IS NULL ORDER BY created_at, job_id`,
    });
    let worked = false;
    for (const jobId of new Set([...rows.map(({ job_id }) => job_id), ...this.#woken])) {
      if (signal.aborted) break;
      worked = (await this.#turn(jobId)) || worked;
    }
    return worked;
  }

  /** What fails for one job does not keep the others waiting. */
  async #turn(jobId: string): Promise<boolean> {
    try {
      const job = await this.jobs.load(DecisionJobs.streamOf(jobId));
      if (job.exists && !job.ended) return await this.#advance(job);
      this.#woken.delete(jobId);
    } catch (error) {
      this.log.error({ jobId, reason: messageOf(error) }, 'a job of decisions makes no progress');
    }
    return false;
  }

  /** Answers whether anything became of any of them. */
  async #advance(job: ExistingDecisionJob): Promise<boolean> {
    const limit = pLimit(CONCURRENCY);
    const next = remainingItems(job).slice(0, WINDOW);
    const results = await limit.map(next, (item) => this.#decide(job, item));
    const known = results.filter((result) => result !== undefined);
    const commandId = derivedId('decision job results', job.jobId, job.results.size);
    const ids = { commandId, correlationId: job.jobId, causationId: job.jobId };
    const context = { ...ids, commandHash: hashOf(known), actor: systemActor('approval') };
    const stream = DecisionJobs.streamOf(job.jobId);
    const { events } = await this.jobs.execute(stream, context, (state) =>
      recordResults(state, known),
    );
    await this.offers.offer(events);
    return known.length > 0;
  }

  /** Undefined when it is to be tried again. */
  async #decide(
    job: ExistingDecisionJob,
    { approvalId, subjectHash }: ExistingDecisionJob['items'][number],
  ): Promise<ItemResult | undefined> {
    const { action, reason, onBehalfOf } = job;
    const body = {
      approvalId,
      subjectHash,
      action,
      reason,
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    };
    try {
      await this.approvals.decide(body, contextOf(job, body));
      return { approvalId, result: 'decided' };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error.kind === 'unavailable' || error.kind === 'conflict') return undefined;
      const message = messageOf(error).slice(0, MAX_MESSAGE);
      return { approvalId, result: 'refused', code: error.code, message };
    }
  }
}

/** A decision of a job is its requester's, as they were identified when they asked for the job. */
function contextOf(
  { jobId, requester, identity }: ExistingDecisionJob,
  body: { readonly approvalId: string },
): CommandContext {
  const actor: Actor = { id: requester, ...identity };
  const commandId = derivedId('decision of a job', jobId, body.approvalId);
  return { commandId, commandHash: hashOf(body), correlationId: jobId, causationId: jobId, actor };
}
