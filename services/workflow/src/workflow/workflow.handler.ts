import {
  type ActivateWorkflow,
  type ApprovalGranted,
  type ApprovalRejected,
  type CancelWorkflow,
  type PauseWorkflow,
  type ResumeWorkflow,
  type StartWorkflowBody,
  type TransitionWorkflow,
  type WorkflowEvent,
  type WorkflowReply,
} from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { derivedId, invalid, type JsonObject } from '@countersign/kernel';
import { type CommandContext, EventOffers, type ObservedEvent } from '@countersign/messaging';
import { latestPosition, type Outcome, reactionContext } from '@countersign/service-kit';
import { type CompiledDefinition, contextProblems } from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { BusinessKeys } from '../business-key/business-keys.js';
import { Definitions } from '../definition/definitions.js';
import {
  activateWorkflow,
  applyOutcome,
  cancelWorkflow,
  existing,
  pauseWorkflow,
  resumeWorkflow,
  startWorkflow,
  transitionWorkflow,
} from './domain/decider.js';
import type { ApprovalOutcome, WorkflowState } from './domain/state.js';
import { Workflows } from './workflows.js';

type BodyOf<Command extends { body: z.ZodType }> = z.output<Command['body']>;
type Observed<Event extends { schema: z.ZodType }> = ObservedEvent<z.output<Event['schema']>>;

/** Where a start comes from when no person asked for it. */
export interface StartOptions {
  readonly trigger?: { readonly name: string; readonly messageId: string };
  /** Starts another one although the business key's workflow is running. */
  readonly shareBusinessKey?: boolean;
}

/** The workflow service's use cases on instances. */
@Injectable()
export class WorkflowHandler {
  constructor(
    @Inject(Workflows) private readonly workflows: Workflows,
    @Inject(Definitions) private readonly definitions: Definitions,
    @Inject(BusinessKeys) private readonly businessKeys: BusinessKeys,
    @Inject(EventOffers) private readonly offers: EventOffers,
    @Inject(EventStore) private readonly store: EventStore,
  ) {}

  async start(
    body: StartWorkflowBody,
    context: CommandContext,
    options: StartOptions = {},
  ): Promise<WorkflowReply> {
    const { template, version, businessKey, overrides, draft = false } = body;
    const pinned = await this.definitions.pin(template, version, overrides);
    mustFit(body.context, pinned.compiled);
    const workflowId = derivedId('workflow', context.commandId);
    if (businessKey !== undefined && !options.shareBusinessKey) {
      await this.businessKeys.reserve(template, businessKey, workflowId, context);
    }
    const { desk } = body.context;
    const start = {
      workflowId,
      template,
      ...(businessKey === undefined ? {} : { businessKey }),
      ...(typeof desk === 'string' ? { scope: desk } : {}),
      templateVersion: pinned.templateVersion,
      definitionHash: pinned.hash,
      state: pinned.compiled.definition.initial,
      context: body.context,
      draft,
      startedBy: context.actor.id,
      ...(options.trigger === undefined ? {} : { trigger: options.trigger }),
    };
    const outcome = await this.workflows.execute(
      Workflows.streamOf(workflowId),
      context,
      (state) => startWorkflow(state, start, pinned.compiled, context.actor.id),
      { fresh: true },
    );
    return this.#reply(outcome);
  }

  activate(
    { workflowId }: BodyOf<typeof ActivateWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.#change(workflowId, context, (state, definition) =>
      activateWorkflow(state, definition, context.actor.id),
    );
  }

  transition(
    { workflowId, ...request }: BodyOf<typeof TransitionWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.#change(workflowId, context, (state, definition) =>
      transitionWorkflow(state, request, definition, context.actor),
    );
  }

  pause(
    { workflowId, reason }: BodyOf<typeof PauseWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.#change(workflowId, context, (state) => pauseWorkflow(state, reason));
  }

  resume(
    { workflowId, reason }: BodyOf<typeof ResumeWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.#change(workflowId, context, (state, definition) =>
      resumeWorkflow(state, reason, definition, context.actor.id),
    );
  }

  cancel(
    { workflowId, reason }: BodyOf<typeof CancelWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.#change(workflowId, context, (state) => cancelWorkflow(state, reason));
  }

  async granted(event: Observed<typeof ApprovalGranted>): Promise<string> {
    const { workflowId, approvalId } = event.data;
    return this.#apply(event, workflowId, { approvalId, outcome: 'granted' });
  }

  async rejected(event: Observed<typeof ApprovalRejected>): Promise<string> {
    const { workflowId, approvalId, reason } = event.data;
    return this.#apply(event, workflowId, { approvalId, outcome: 'rejected', reason });
  }

  async #apply(
    event: ObservedEvent,
    workflowId: string,
    outcome: ApprovalOutcome,
  ): Promise<string> {
    const context = reactionContext('workflow', event);
    const done = this.workflows.doneAt(Workflows.streamOf(workflowId), context.commandId);
    if (done !== undefined) return done;
    const { position } = await this.#change(workflowId, context, (state, definition) =>
      applyOutcome(state, outcome, definition),
    );
    return position;
  }

  async #change(
    workflowId: string,
    context: CommandContext,
    decide: (state: WorkflowState, definition: CompiledDefinition) => readonly WorkflowEvent[],
  ): Promise<WorkflowReply> {
    const outcome = await this.workflows.execute(
      Workflows.streamOf(workflowId),
      context,
      async (state) =>
        decide(state, await this.definitions.compiled(existing(state).definitionHash)),
    );
    return this.#reply(outcome);
  }

  /** Waits for what other services do about it, so that the position covers that too. */
  async #reply({ state, position, events }: Outcome<WorkflowState>): Promise<WorkflowReply> {
    const followed = await this.offers.offer(events);
    const { identity, status, state: at, pending } = existing(state);
    return {
      workflowId: identity.workflowId,
      status,
      state: at,
      ...(pending === undefined ? {} : { approvalId: pending.approvalId }),
      position: latestPosition(this.store, position, followed),
    };
  }
}

/** @throws AppError `workflow.context-invalid` naming every field that does not fit. */
function mustFit(context: JsonObject, { definition }: CompiledDefinition): void {
  const problems = contextProblems(definition.contextSchema, context);
  const [first] = problems;
  if (!first) return;
  const message = `context${first.at} ${first.problem}`;
  throw invalid('workflow.context-invalid', message, { details: { problems } });
}
