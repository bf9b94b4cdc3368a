import type {
  ForceWorkflow,
  MigrateWorkflow,
  MigrationBody,
  PreviewMigration,
  ResetWorkflow,
  WorkflowReply,
} from '@countersign/contracts';
import { AppError, derivedId, rule } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { DirectoryReader } from '@countersign/service-kit';
import {
  type ApprovalPolicy,
  approvalsNeeded,
  levelOf,
  mustBeReachable,
  roundsOf,
} from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { Definitions, type PinnedDefinition } from '../definition/definitions.js';
import { migratedState } from './domain/approved-migration.js';
import { knows, migrationPolicy } from './domain/intervention-policy.js';
import { mappingProblems, migrationProblems, requestIntervention } from './domain/interventions.js';
import { existing, type ExistingWorkflow, running } from './domain/state.js';
import { InstanceChanges } from './instance-changes.js';
import { Workflows } from './workflows.js';

type BodyOf<Command extends { body: z.ZodType }> = z.output<Command['body']>;

/** What administrators may do to instances, each with the consent of a second person. */
@Injectable()
export class InterventionsHandler {
  constructor(
    @Inject(Workflows) private readonly workflows: Workflows,
    @Inject(Definitions) private readonly definitions: Definitions,
    @Inject(InstanceChanges) private readonly instances: InstanceChanges,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
  ) {}

  /** Asks to put an instance into a state that its definition does not lead to. @throws as `requestIntervention` */
  force(
    { workflowId, to, reason }: BodyOf<typeof ForceWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    const approvalId = approvalOf(context);
    return this.instances.change(workflowId, context, (state, definition, cause) =>
      requestIntervention(
        state,
        { kind: 'force', approvalId, to, reason },
        definition,
        context.actor,
        cause,
      ),
    );
  }

  /**
   * Asks to put an instance back into a state and to the context that it had there.
   *
   * @throws AppError `workflow.never-there`; as `requestIntervention`
   */
  async reset(
    { workflowId, reset }: BodyOf<typeof ResetWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    const approvalId = approvalOf(context);
    const { reason, to, sequence } = reset;
    return this.instances.change(workflowId, context, async (state, definition, cause) => {
      const current = running(state);
      const was = await this.workflows.lastAt(workflowId, (past) =>
        sequence === undefined
          ? past.state === to && past.enteredAt !== current.enteredAt
          : past.enteredAt === sequence,
      );
      if (!was) throw rule('workflow.never-there', 'the workflow has not been there before');
      return requestIntervention(
        state,
        { kind: 'reset', approvalId, to: was.state, reason, context: was.context },
        definition,
        context.actor,
        cause,
      );
    });
  }

  /** Asks to let an instance follow another version of its template. @throws as `requestIntervention`; `overrides.*` when its own do not hold there */
  async migrate(
    { workflowId, reason, ...wanted }: BodyOf<typeof MigrateWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    const approvalId = approvalOf(context);
    return this.instances.change(workflowId, context, async (state, definition, cause) => {
      const current = running(state);
      const target = await this.#targetOf(current, wanted);
      const to = migratedState(wanted.states, current.state);
      const { templateVersion, hash: definitionHash, compiled } = target;
      return requestIntervention(
        state,
        {
          kind: 'migration',
          approvalId,
          to,
          reason,
          target: { templateVersion, definitionHash, compiled, states: wanted.states },
        },
        definition,
        context.actor,
        cause,
      );
    });
  }

  /** What a migration would do; changes nothing. */
  async previewMigration({
    workflowId,
    ...wanted
  }: BodyOf<typeof PreviewMigration>): Promise<z.output<typeof PreviewMigration.reply>> {
    const current = existing(await this.workflows.load(Workflows.streamOf(workflowId)));
    const followed = await this.definitions.compiled(current.definitionHash);
    const { target, unfit } = await this.#fitting(current, wanted);
    const to = migratedState(wanted.states, current.state);
    const found = [
      ...unfit,
      ...mappingProblems(wanted.states, followed, target.compiled),
      ...migrationProblems(current, to, target.compiled),
    ];
    if (current.definitionHash === target.hash) found.push('it follows this version already');
    const problems = [...new Set(found)];
    const policy = knows(target.compiled, to)
      ? migrationPolicy(followed, target.compiled, current, to)
      : undefined;
    const { templateVersion: version, definitionHash, state } = current;
    return {
      workflowId,
      from: { version, definitionHash, state },
      to: { version: target.templateVersion, definitionHash: target.hash, state: to },
      problems,
      approval: policy ? summaryOf(policy) : null,
    };
  }

  /** @throws AppError as `Definitions.pin` and `mustBeReachable`: the overrides are kept, if they hold there too */
  async #targetOf(
    { identity, overrides, editors }: Pick<ExistingWorkflow, 'identity' | 'overrides' | 'editors'>,
    { version }: z.output<typeof MigrationBody>,
  ): Promise<PinnedDefinition> {
    const target = await this.definitions.pin(identity.template, version, overrides);
    if (overrides) {
      const { definition } = target.compiled;
      mustBeReachable(definition, overrides, await this.directory.load(), editors);
    }
    return target;
  }

  /** The version with the overrides of the instance; without them, and why, when they do not hold there. */
  async #fitting(
    current: ExistingWorkflow,
    wanted: z.output<typeof MigrationBody>,
  ): Promise<{ target: PinnedDefinition; unfit: readonly string[] }> {
    try {
      return { target: await this.#targetOf(current, wanted), unfit: [] };
    } catch (error) {
      if (!(error instanceof AppError) || !error.code.startsWith('overrides.')) throw error;
      const unfit = [`its overrides do not hold in that version: ${error.message}`];
      return { target: await this.#targetOf({ ...current, overrides: undefined }, wanted), unfit };
    }
  }
}

function summaryOf(policy: ApprovalPolicy) {
  const { approvers } = policy;
  const [round] = roundsOf(policy);
  return { level: levelOf(policy), people: round ? approvalsNeeded(round) : 0, approvers };
}

function approvalOf({ commandId }: CommandContext): string {
  return derivedId('intervention', commandId);
}
