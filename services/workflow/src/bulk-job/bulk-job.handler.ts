import type {
  ApprovalGranted,
  ApprovalRejected,
  ApprovalTimedOut,
  ApprovalWithdrawn,
  BulkJobReply,
  BulkPreview,
  CreateBulkJob,
  PreviewBulkJob,
  StopBulkJob,
} from '@countersign/contracts';
import { MAX_BULK_ITEMS } from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { derivedId, rule } from '@countersign/kernel';
import { type CommandContext, EventOffers, type ObservedEvent } from '@countersign/messaging';
import {
  DirectoryReader,
  latestPosition,
  type Outcome,
  reactionContext,
} from '@countersign/service-kit';
import { type ApprovalPolicy, fewestPeople, levelOf } from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { Definitions, type PinnedDefinition } from '../definition/definitions.js';
import { migratedState } from '../workflow/domain/approved-migration.js';
import { interventionPolicy, knows, strongest } from '../workflow/domain/intervention-policy.js';
import { migrationProblems } from '../workflow/domain/interventions.js';
import { BulkJobRunner } from './bulk-job.runner.js';
import { BulkJobs } from './bulk-jobs.js';
import {
  applyJobApproval,
  createBulkJob,
  existingJob,
  type JobApprovalOutcome,
  mayRequest,
  stopBulkJob,
} from './domain/decider.js';
import { mustBeDecidable } from './domain/decidable.js';
import type { BulkJobState } from './domain/state.js';
import { MatchingInstances } from './matching-instances.js';

type BodyOf<Command extends { body: z.ZodType }> = z.output<Command['body']>;
type Observed<Event extends { schema: z.ZodType }> = ObservedEvent<z.output<Event['schema']>>;
type Wanted = BodyOf<typeof PreviewBulkJob>['wanted'];

/** The use cases of bulk jobs: looking, asking, stopping, and what was decided about them. */
@Injectable()
export class BulkJobHandler {
  constructor(
    @Inject(BulkJobs) private readonly jobs: BulkJobs,
    @Inject(MatchingInstances) private readonly instances: MatchingInstances,
    @Inject(Definitions) private readonly definitions: Definitions,
    @Inject(BulkJobRunner) private readonly runner: BulkJobRunner,
    @Inject(EventOffers) private readonly offers: EventOffers,
    @Inject(EventStore) private readonly store: EventStore,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
  ) {}

  /** What a job would be about; changes nothing. @throws AppError `template.not-found` */
  async preview({ wanted, scopes }: BodyOf<typeof PreviewBulkJob>): Promise<BulkPreview> {
    const target = await this.#targetOf(wanted);
    const frozen = await this.instances.freeze(wanted.query, scopes);
    const sample = await this.instances.sample(wanted.query, scopes);
    const { states = {} } = wanted;
    const policy = target && policyFor(target, states, frozen);
    return {
      count: Math.min(frozen.length, MAX_BULK_ITEMS),
      capped: frozen.length > MAX_BULK_ITEMS,
      sample: sample.map(({ workflow_id, business_key, state, context, definition_hash }) => {
        const item = { workflowId: workflow_id, businessKey: business_key, state };
        if (!target) return item;
        const to = migratedState(states, state);
        const problems = migrationProblems({ state, context }, to, target.compiled);
        if (definition_hash === target.hash && to === state) {
          problems.push('it follows this version already');
        }
        return { ...item, problems };
      }),
      ...(policy ? { approval: { level: levelOf(policy), approvers: policy.approvers } } : {}),
    };
  }

  /**
   * Freezes what the query finds now, and begins; a migration waits for its approval.
   *
   * @throws AppError as `createBulkJob`, `mustBeDecidable`; `template.not-found`; `workflow.migration-impossible` when the other version
   *   has none of the states that the instances would come to
   */
  async create(
    { wanted, scopes }: BodyOf<typeof CreateBulkJob>,
    context: CommandContext,
  ): Promise<BulkJobReply> {
    const jobId = derivedId('bulk job', context.commandId);
    const outcome = await this.jobs.execute(BulkJobs.streamOf(jobId), context, async (state) => {
      const { action, query, reason, expectedCount, states = {} } = wanted;
      mayRequest(action, context.actor);
      const target = await this.#targetOf(wanted);
      const frozen = await this.instances.freeze(query, scopes);
      const workflowIds = frozen.map(({ workflow_id }) => workflow_id);
      const request = { jobId, action, query, reason, expectedCount, workflowIds };
      if (!target || frozen.length === 0) return createBulkJob(state, request, context.actor);
      const policy = policyFor(target, states, frozen);
      if (!policy) {
        const message = 'the other version has none of these states: map them';
        throw rule('workflow.migration-impossible', message);
      }
      const { templateVersion, hash: definitionHash } = target;
      const starters = [...new Set(frozen.map(({ started_by }) => started_by))].sort();
      mustBeDecidable(policy, [context.actor.id, ...starters], await this.directory.load());
      const versions = new Set(frozen.map(({ template_version }) => template_version));
      const migration = {
        template: query.template ?? '',
        fromVersions: [...versions].sort((a, b) => a - b),
        templateVersion,
        definitionHash,
        states,
        approvalId: derivedId('bulk approval', context.commandId),
        policy,
        starters,
      };
      return createBulkJob(state, { ...request, migration }, context.actor);
    });
    return this.#reply(outcome);
  }

  /** @throws as `stopBulkJob` */
  async stop(
    { jobId, reason }: BodyOf<typeof StopBulkJob>,
    context: CommandContext,
  ): Promise<BulkJobReply> {
    const outcome = await this.jobs.execute(BulkJobs.streamOf(jobId), context, (state) =>
      stopBulkJob(state, reason, context.actor, this.directory.current),
    );
    return this.#reply(outcome);
  }

  granted(event: Observed<typeof ApprovalGranted>): Promise<string | undefined> {
    const { approvalId, approvers } = event.data;
    return this.#decided(event, event.data.bulkJobId, { approvalId, granted: true, approvers });
  }

  /** Rejected, timed out or withdrawn. */
  notGranted(
    event: Observed<typeof ApprovalRejected | typeof ApprovalTimedOut | typeof ApprovalWithdrawn>,
    reason: string,
  ): Promise<string | undefined> {
    const { approvalId, bulkJobId } = event.data;
    return this.#decided(event, bulkJobId, { approvalId, granted: false, reason });
  }

  async #decided(
    event: ObservedEvent,
    jobId: string | undefined,
    outcome: JobApprovalOutcome,
  ): Promise<string | undefined> {
    if (jobId === undefined) return undefined;
    const context = reactionContext('workflow', event);
    const { position } = await this.jobs.execute(BulkJobs.streamOf(jobId), context, (state) =>
      applyJobApproval(state, outcome),
    );
    this.runner.wake(jobId);
    return position;
  }

  async #targetOf({ action, query, version }: Wanted): Promise<PinnedDefinition | undefined> {
    if (action !== 'migrate' || query.template === undefined) return undefined;
    return this.definitions.pin(query.template, version, undefined);
  }

  /** Waits for the approval to be open, so that the position covers that too. */
  async #reply({ state, position, events }: Outcome<BulkJobState>): Promise<BulkJobReply> {
    const followed = await this.offers.offer(events);
    const { jobId, status, count, approval } = existingJob(state);
    this.runner.wake(jobId);
    return {
      jobId,
      status,
      count,
      ...(approval === undefined ? {} : { approvalId: approval.approvalId }),
      position: latestPosition(this.store, position, followed),
    };
  }
}

/** Who has to agree to a migration: the most that any of the states takes that instances come to. */
function policyFor(
  { compiled }: PinnedDefinition,
  states: Readonly<Record<string, string>>,
  frozen: readonly { readonly state: string }[],
): ApprovalPolicy | undefined {
  const policies = [...new Set(frozen.map(({ state }) => state))].flatMap((state) => {
    const to = migratedState(states, state);
    if (!knows(compiled, to)) return [];
    const jumped = knows(compiled, state) ? fewestPeople(compiled.definition, state, to) : 0;
    return [interventionPolicy(compiled, to, jumped)];
  });
  const [first, ...others] = policies;
  return first && strongest(first, others);
}
