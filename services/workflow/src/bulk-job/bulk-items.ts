import { AppError, derivedId, hashOf, messageOf, rule, systemActor } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { DirectoryReader, Log } from '@countersign/service-kit';
import { mustBeReachable, type Organisation } from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';

import { Definitions } from '../definition/definitions.js';
import type { WorkflowState } from '../workflow/domain/state.js';
import { InstanceChanges } from '../workflow/instance-changes.js';
import { Workflows } from '../workflow/workflows.js';
import { changeItem, resultOf, type Target } from './domain/item.js';
import type { ExistingBulkJob, ItemResult } from './domain/state.js';

/** Milliseconds between tries at what does not answer: the first and the longest pause. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** Tries at an item before others have a turn, among them whoever wants to stop the job. */
const TRIES = 6;
/** Tries at an item that fails in a way that nobody has foreseen. */
const TRIES_AT_FAULTS = 3;

const STOPPED = 'bulk-job.item-not-begun';

/**
 * Carries out one item of a job. Its command has an id derived from job and instance, so however often an item is
 * tried, and by however many processes, it is done once.
 */
@Injectable()
export class BulkItems {
  constructor(
    @Inject(InstanceChanges) private readonly instances: InstanceChanges,
    @Inject(Workflows) private readonly workflows: Workflows,
    @Inject(Definitions) private readonly definitions: Definitions,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
    @Inject(Log) private readonly log: Log,
  ) {}

  /**
   * Pauses while something that is needed does not answer. Undefined when that takes too long, or the signal fires:
   * then the item is to be tried again later.
   */
  async change(
    job: ExistingBulkJob,
    workflowId: string,
    target: Target | undefined,
    signal: AbortSignal,
  ): Promise<ItemResult | undefined> {
    let pause = FIRST_PAUSE_MS;
    for (let tries = 1; tries <= TRIES && !signal.aborted; tries++) {
      try {
        await this.instances.change(
          workflowId,
          itemContext(job, workflowId),
          async (state, definition, cause) => {
            // Read to its end: an editor who agreed may have been renamed a moment ago.
            const organisation = await this.directory.load();
            const its = await this.#targetOf(state, target, organisation);
            return changeItem(job, state, definition, its, { ...cause, organisation });
          },
        );
        return { workflowId, result: 'done' };
      } catch (error) {
        if (error instanceof AppError && !isPassing(error)) return resultOf(workflowId, error);
        if (!(error instanceof AppError) && tries >= TRIES_AT_FAULTS) {
          this.log.error({ jobId: job.jobId, workflowId, error }, 'an item of a bulk job failed');
          const failed = { result: 'refused', code: 'bulk-job.item-failed' } as const;
          return { workflowId, ...failed, message: 'the service failed at it' };
        }
        this.log.debug({ jobId: job.jobId, reason: messageOf(error) }, 'a bulk job pauses');
        await sleep(pause, undefined, { signal }).catch(() => undefined);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      }
    }
    return undefined;
  }

  /** What the instance is to follow: with overrides of its own, as far as these still hold. */
  async #targetOf(
    state: WorkflowState,
    target: Target | undefined,
    organisation: Organisation,
  ): Promise<Target | undefined> {
    if (!target || state.kind !== 'existing' || !state.overrides) return target;
    const { overrides, editors } = state;
    try {
      const own = await this.definitions.overridden(target.compiled.definition, overrides);
      mustBeReachable(own.compiled.definition, overrides, organisation, editors);
      return own;
    } catch (error) {
      if (!(error instanceof AppError) || isPassing(error)) throw error;
      const message = `its overrides do not hold in that version: ${error.message}`;
      throw rule('bulk-job.overrides-do-not-hold', message, { details: { code: error.code } });
    }
  }

  /** The item's result if it has been done, by somebody who could not say so any more. Does nothing. */
  async alreadyDone(job: ExistingBulkJob, workflowId: string): Promise<ItemResult | undefined> {
    const stream = Workflows.streamOf(workflowId);
    try {
      // A command that is in the stream answers its first outcome without being decided again.
      await this.workflows.execute(stream, itemContext(job, workflowId), () => {
        throw rule(STOPPED, 'the job was stopped before');
      });
      return { workflowId, result: 'done' };
    } catch (error) {
      if (error instanceof AppError && error.code === STOPPED) return undefined;
      throw error;
    }
  }
}

function isPassing({ kind }: AppError): boolean {
  return kind === 'unavailable' || kind === 'conflict';
}

function itemContext(
  { jobId, action, requestedBy }: ExistingBulkJob,
  workflowId: string,
): CommandContext {
  return {
    commandId: derivedId('bulk job item', jobId, workflowId),
    commandHash: hashOf({ jobId, workflowId, action }),
    correlationId: jobId,
    causationId: jobId,
    actor: { ...systemActor('workflow'), onBehalfOf: requestedBy },
  };
}
