import type {
  ApprovalGranted,
  ApprovalRejected,
  WorkflowChildAbandoned,
  WorkflowChildEnded,
  WorkflowChildRequested,
} from '@countersign/contracts';
import { AppError, derivedId, hashOf, messageOf, rule } from '@countersign/kernel';
import type { CommandContext, ObservedEvent } from '@countersign/messaging';
import { reactionContext } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { Definitions } from '../definition/definitions.js';
import { applyOutcome, cancelWorkflow } from './domain/decider.js';
import { childEnded, childNotStarted } from './domain/signals.js';
import { type ApprovalOutcome, existing, isRunning } from './domain/state.js';
import { InstanceChanges } from './instance-changes.js';
import { WorkflowHandler } from './workflow.handler.js';
import { Workflows } from './workflows.js';

type Observed<Event extends { schema: z.ZodType }> = ObservedEvent<z.output<Event['schema']>>;

/** Workflows that may be invoked one below the other: more is a definition that invokes itself. */
const MAX_DEPTH = 10;

/** What instances learn of those they wait for: approvals, and the instances that they invoke. */
@Injectable()
export class OutcomesHandler {
  constructor(
    @Inject(Workflows) private readonly workflows: Workflows,
    @Inject(Definitions) private readonly definitions: Definitions,
    @Inject(InstanceChanges) private readonly instances: InstanceChanges,
    @Inject(WorkflowHandler) private readonly handler: WorkflowHandler,
  ) {}

  async granted(event: Observed<typeof ApprovalGranted>): Promise<string | undefined> {
    const { workflowId, approvalId, approvers: decidedBy } = event.data;
    return this.#apply(event, workflowId, { approvalId, outcome: 'granted', decidedBy });
  }

  async rejected(event: Observed<typeof ApprovalRejected>): Promise<string | undefined> {
    const { workflowId, approvalId, reason, rejectedBy } = event.data;
    const decidedBy = [rejectedBy];
    return this.#apply(event, workflowId, { approvalId, outcome: 'rejected', reason, decidedBy });
  }

  async #apply(
    event: ObservedEvent,
    workflowId: string | undefined,
    outcome: ApprovalOutcome,
  ): Promise<string | undefined> {
    // A bulk job's.
    if (workflowId === undefined) return undefined;
    const context = reactionContext('workflow', event);
    const done = this.workflows.doneAt(Workflows.streamOf(workflowId), context.commandId);
    if (done !== undefined) return done;
    const { position } = await this.instances.change(
      workflowId,
      context,
      async (state, definition, cause) => {
        const hash = existing(state).intervention?.definitionHash;
        const target = hash === undefined ? undefined : await this.definitions.compiled(hash);
        return applyOutcome(state, outcome, definition, cause, target);
      },
    );
    return position;
  }

  /** Starts what an instance invokes. What cannot be started is an incident of the one that invokes it. */
  async startChild(event: Observed<typeof WorkflowChildRequested>): Promise<string> {
    const { workflowId, childId, requester, childTemplate, childVersion, depth = 1 } = event.data;
    const { editors = [] } = event.data;
    const { childBusinessKey: businessKey, childContext } = event.data;
    const context = reactionContext('workflow', event);
    const body = {
      template: childTemplate,
      ...(childVersion === undefined ? {} : { version: childVersion }),
      ...(businessKey === undefined ? {} : { businessKey }),
      context: childContext,
    };
    try {
      if (depth > MAX_DEPTH) {
        throw rule(
          'workflow.invoked-too-deep',
          `${MAX_DEPTH} workflows wait for each other already`,
        );
      }
      const invokedBy = { parentId: workflowId, workflowId: childId, requester, depth, editors };
      const { position } = await this.handler.start(body, context, { invokedBy });
      return position;
    } catch (error) {
      const passing = error instanceof AppError && ['unavailable', 'conflict'].includes(error.kind);
      if (passing || !(error instanceof AppError)) throw error;
      const { position } = await this.instances.change(
        workflowId,
        besides(context, 'not started'),
        (state, definition, cause) =>
          childNotStarted(state, childId, messageOf(error), definition, cause),
      );
      return position;
    }
  }

  /** Tells an instance how the one that it has invoked ended. */
  async childEnded(event: Observed<typeof WorkflowChildEnded>): Promise<string> {
    const context = reactionContext('workflow', event);
    const { position } = await this.instances.change(
      event.data.parentId,
      context,
      (state, definition, cause) => childEnded(state, event.data, definition, cause),
    );
    return position;
  }

  /** Cancels what is no longer waited for. */
  async cancelChild(event: Observed<typeof WorkflowChildAbandoned>): Promise<string | undefined> {
    const { childId, reason } = event.data;
    const known = await this.workflows.load(Workflows.streamOf(childId));
    if (known.kind !== 'existing') return undefined;
    const context = reactionContext('workflow', event);
    const { position } = await this.instances.change(
      childId,
      context,
      (state, definition, cause) =>
        isRunning(existing(state))
          ? cancelWorkflow(state, reason, definition, context.actor, cause)
          : [],
    );
    return position;
  }
}

/** A second command that an event stands for. */
function besides(context: CommandContext, what: string): CommandContext {
  return { ...context, commandId: derivedId(what, context.commandId), commandHash: hashOf(what) };
}
