import { Clock, derivedId, hashOf, messageOf, newId, systemActor } from '@countersign/kernel';
import {
  DirectoryReader,
  LeaderLoop,
  Log,
  PLATFORM,
  type Platform,
} from '@countersign/service-kit';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import pLimit from 'p-limit';

import { ApprovalChanges } from './approval-changes.js';
import { fireDeadlines } from './domain/deadlines.js';
import type { Events, Moment } from './domain/draft.js';
import { checkQuorum } from './domain/reachability.js';
import type { ApprovalState } from './domain/state.js';

const LOOK_EVERY_MS = 500;
const AT_A_TIME = 500;
/** How much later approvals are looked at again after a change of the directory. */
const LOOK_AGAIN_MS = 10_000;
/** Approvals that are looked at at the same time. */
const CONCURRENCY = 8;

interface ApprovalRow {
  readonly approval_id: string;
}

/**
 * What approvals do by themselves: their deadlines pass, and people come and leave so that a quorum can or cannot be
 * reached. Which deadlines are due stands in the read tables; the aggregate knows better and ignores what is done.
 */
@Injectable()
export class ApprovalDeadlines implements OnModuleInit, OnApplicationShutdown {
  readonly #loop: LeaderLoop;
  /** Under which directory every open approval was looked at, and when. */
  #watched: { readonly revision: number; readonly at: number; readonly again: boolean } | undefined;

  constructor(
    @Inject(PLATFORM) private readonly platform: Platform,
    @Inject(Log) private readonly log: Log,
    @Inject(ApprovalChanges) private readonly changes: ApprovalChanges,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.#loop = new LeaderLoop(platform.leadership, log, {
      name: 'approval.deadlines',
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

  async #round(signal: AbortSignal): Promise<boolean> {
    const fired = await this.#fireDue();
    await this.#watchQuorums(signal);
    return fired;
  }

  /** Answers whether anything happened: a row stays due until the projection has caught up. */
  async #fireDue(): Promise<boolean> {
    const { rows } = await this.platform.pool.query<ApprovalRow>({
      name: 'approval.deadlines-due',
      text: `SELECT approval_id FROM public.approval_requests
             WHERE due_at <= now() ORDER BY due_at LIMIT ${AT_A_TIME}`,
    });
    const happened = await this.#each(rows, fireDeadlines);
    return happened > 0;
  }

  /**
   * After each change of the directory, and when it begins: every open approval. Once more a little later, for those
   * that were asked for under the old one and that the read tables did not show yet.
   */
  async #watchQuorums(signal: AbortSignal): Promise<void> {
    const { revision } = this.directory.current;
    const now = this.clock.now().getTime();
    const known = this.#watched?.revision === revision ? this.#watched : undefined;
    if (known && (!known.again || now < known.at + LOOK_AGAIN_MS)) return;
    await this.#eachOpen(signal);
    if (!signal.aborted) this.#watched = { revision, at: now, again: known === undefined };
  }

  async #eachOpen(signal: AbortSignal): Promise<void> {
    let after: string | null = null;
    while (!signal.aborted) {
      const rows: ApprovalRow[] = await this.#openAfter(after);
      await this.#each(rows, checkQuorum);
      after = rows.at(-1)?.approval_id ?? null;
      if (rows.length < AT_A_TIME) return;
    }
  }

  async #openAfter(after: string | null): Promise<ApprovalRow[]> {
    const { rows } = await this.platform.pool.query<ApprovalRow>({
      name: 'approval.open',
      text: `SELECT approval_id FROM public.approval_requests
             WHERE status IN ('PENDING', 'IN_PROGRESS') AND ($1::uuid IS NULL OR approval_id > $1)
             ORDER BY approval_id LIMIT ${AT_A_TIME}`,
      values: [after],
    });
    return rows;
  }

  /** Answers for how many anything happened. */
  async #each(
    rows: readonly ApprovalRow[],
    act: (state: ApprovalState, moment: Moment) => Events,
  ): Promise<number> {
    const limit = pLimit(CONCURRENCY);
    const happened = await limit.map(rows, ({ approval_id }) => this.#act(approval_id, act));
    return happened.filter(Boolean).length;
  }

  async #act(
    approvalId: string,
    act: (state: ApprovalState, moment: Moment) => Events,
  ): Promise<boolean> {
    const commandId = derivedId('deadlines', approvalId, newId());
    const ids = { commandId, correlationId: approvalId, causationId: approvalId };
    const context = { ...ids, commandHash: hashOf(approvalId), actor: systemActor('approval') };
    try {
      const { events } = await this.changes.change(approvalId, context, act);
      return events.length > 0;
    } catch (error) {
      this.log.warn({ approvalId, reason: messageOf(error) }, 'an approval could not be looked at');
      return false;
    }
  }
}
