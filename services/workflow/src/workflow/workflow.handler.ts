import type {
  ActivateWorkflow,
  CancelWorkflow,
  FailWorkflow,
  PauseWorkflow,
  ResumeWorkflow,
  RetryWorkflow,
  StartWorkflowBody,
  TransitionWorkflow,
  WorkflowReply,
} from '@countersign/contracts';
import { AppError, derivedId, invalid, type JsonObject } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { DirectoryReader } from '@countersign/service-kit';
import {
  type CompiledDefinition,
  contextProblems,
  mustBeReachable,
} from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { BusinessKeys } from '../business-key/business-keys.js';
import { Definitions, type PinnedDefinition } from '../definition/definitions.js';
import {
  activateWorkflow,
  cancelWorkflow,
  failWorkflow,
  fireTimers,
  pauseWorkflow,
  resumeWorkflow,
  retryWorkflow,
  startWorkflow,
  transitionWorkflow,
} from './domain/decider.js';
import { timersFailed } from './domain/incidents.js';
import { existing, type Signal } from './domain/state.js';
import { InstanceChanges } from './instance-changes.js';
import { Workflows } from './workflows.js';

type BodyOf<Command extends { body: z.ZodType }> = z.output<Command['body']>;

/** Where a start comes from when no person asked for it. */
export interface StartOptions {
  readonly trigger?: {
    readonly name: string;
    readonly messageId: string;
    readonly subject?: string;
  };
  /** Starts another one although the business key's workflow is running. */
  readonly shareBusinessKey?: boolean;
  /** The instance that waits for this one, and on whose account; `workflowId` is what it is to be called. */
  readonly invokedBy?: {
    readonly parentId: string;
    readonly workflowId: string;
    readonly requester: string;
    readonly depth: number;
    readonly editors: readonly string[];
  };
}

/** The workflow service's use cases on instances: their life by its rules. */
@Injectable()
export class WorkflowHandler {
  constructor(
    @Inject(Workflows) private readonly workflows: Workflows,
    @Inject(Definitions) private readonly definitions: Definitions,
    @Inject(BusinessKeys) private readonly businessKeys: BusinessKeys,
    @Inject(InstanceChanges) private readonly instances: InstanceChanges,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
  ) {}

  /** Whether the template may be started with a context, as far as is remembered: it costs no look at the store. */
  async fits({ template, context }: Pick<StartWorkflowBody, 'template' | 'context'>) {
    try {
      mustFit(context, (await this.definitions.pin(template, undefined, undefined)).compiled);
      return true;
    } catch {
      return false;
    }
  }

  async start(
    body: StartWorkflowBody,
    context: CommandContext,
    options: StartOptions = {},
  ): Promise<WorkflowReply> {
    const workflowId = options.invokedBy?.workflowId ?? derivedId('workflow', context.commandId);
    const stream = Workflows.streamOf(workflowId);
    let pinned: PinnedDefinition;
    let signals: readonly Signal[] = [];
    try {
      pinned = await this.definitions.pin(body.template, body.version, body.overrides);
      mustFit(body.context, pinned.compiled);
      const { template, businessKey, overrides } = body;
      if (overrides) {
        const { invokedBy: { requester = context.actor.id, editors = [] } = {} } = options;
        const { definition } = pinned.compiled;
        const organisation = await this.directory.load();
        mustBeReachable(definition, overrides, organisation, [requester, ...editors]);
      }
      if (businessKey !== undefined) {
        const shared = options.shareBusinessKey === true;
        const key = { template, businessKey };
        signals = await this.businessKeys.reserve(key, workflowId, shared, context);
      }
    } catch (error) {
      if (error instanceof AppError && error.kind === 'unavailable') throw error;
      // The repetition of a start has its first answer, whatever the template is by now.
      const refuse = () => {
        throw error;
      };
      const outcome = await this.workflows.execute(stream, context, refuse, { fresh: true });
      return this.instances.reply(outcome);
    }
    const lenders = this.directory.current.lenders(context.actor.login);
    const start = startedEvent(workflowId, body, pinned, context, options, lenders);
    const cause = { ...this.instances.causeOf(context), requester: start.startedBy };
    const outcome = await this.workflows.execute(
      stream,
      context,
      (state) => startWorkflow(state, start, pinned.compiled, cause, signals),
      { fresh: true },
    );
    return this.instances.reply(outcome);
  }

  /** @throws AppError as `activateWorkflow`; `template.retired` when the version was retired meanwhile */
  activate(
    { workflowId }: BodyOf<typeof ActivateWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.instances.change(workflowId, context, async (state, definition, cause) => {
      const activated = activateWorkflow(state, definition, context.actor, cause);
      const { identity, templateVersion } = existing(state);
      await this.definitions.mustBeInUse(identity.template, templateVersion);
      return activated;
    });
  }

  transition(
    { workflowId, ...request }: BodyOf<typeof TransitionWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.instances.change(workflowId, context, (state, definition, cause) =>
      transitionWorkflow(state, request, definition, context.actor, cause),
    );
  }

  pause(
    { workflowId, reason }: BodyOf<typeof PauseWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.instances.change(workflowId, context, (state, definition, cause) =>
      pauseWorkflow(state, reason, definition, context.actor, cause),
    );
  }

  resume(
    { workflowId, reason }: BodyOf<typeof ResumeWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.instances.change(workflowId, context, (state, definition, cause) =>
      resumeWorkflow(state, reason, definition, context.actor, cause),
    );
  }

  cancel(
    { workflowId, reason }: BodyOf<typeof CancelWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.instances.change(workflowId, context, (state, definition, cause) =>
      cancelWorkflow(state, reason, definition, context.actor, cause),
    );
  }

  fail(
    { workflowId, reason }: BodyOf<typeof FailWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.instances.change(workflowId, context, (state, definition, cause) =>
      failWorkflow(state, reason, definition, context.actor, cause),
    );
  }

  retry(
    { workflowId }: BodyOf<typeof RetryWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    return this.instances.change(workflowId, context, (state, definition, cause) =>
      retryWorkflow(state, definition, context.actor, cause),
    );
  }

  /** @param now by the clock that found the timers due */
  fireTimers(workflowId: string, context: CommandContext, now: Date): Promise<WorkflowReply> {
    return this.instances.change(workflowId, context, fireTimers, now);
  }

  /** Has people look at timers that could not be fired. Needs nothing but the instance itself. */
  async timersFailed(workflowId: string, context: CommandContext, why: string): Promise<void> {
    const { now } = this.instances.causeOf(context);
    const outcome = await this.workflows.execute(Workflows.streamOf(workflowId), context, (state) =>
      timersFailed(state, why, now),
    );
    await this.instances.reply(outcome);
  }
}

function startedEvent(
  workflowId: string,
  { template, businessKey, context, overrides, draft = false }: StartWorkflowBody,
  { templateVersion, hash, compiled }: PinnedDefinition,
  { actor }: CommandContext,
  { trigger, invokedBy }: StartOptions,
  lenders: readonly string[],
) {
  const { initial, contextSchema } = compiled.definition;
  const { desk } = context;
  const editors = [...(invokedBy?.editors ?? []), ...lenders];
  const indexed = contextSchema.filter((field) => field.indexed).map(({ name }) => name);
  return {
    workflowId,
    template,
    ...(businessKey === undefined ? {} : { businessKey }),
    ...(typeof desk === 'string' ? { scope: desk } : {}),
    templateVersion,
    definitionHash: hash,
    state: initial,
    context,
    draft,
    startedBy: invokedBy?.requester ?? actor.id,
    ...(trigger === undefined ? {} : { trigger }),
    ...(overrides === undefined ? {} : { overrides }),
    ...(invokedBy === undefined ? {} : { parentId: invokedBy.parentId, depth: invokedBy.depth }),
    ...(editors.length === 0 ? {} : { editors }),
    ...(indexed.length === 0 ? {} : { indexed }),
  };
}

/** @throws AppError `workflow.context-invalid` naming every field that does not fit. */
function mustFit(context: JsonObject, { definition }: CompiledDefinition): void {
  const problems = contextProblems(definition.contextSchema, context);
  const [first] = problems;
  if (!first) return;
  const message = `context${first.at} ${first.problem}`;
  throw invalid('workflow.context-invalid', message, { details: { problems } });
}
