import type {
  ForceWorkflow,
  MigrateWorkflow,
  MigrationBody,
  PreviewMigration,
  ResetWorkflow,
  WorkflowReply,
} from '@countersign/contracts';
import { derivedId, rule } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import {
  type ApprovalPolicy,
  approvalsNeeded,
  levelOf,
  roundsOf,
} from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { Definitions, type PinnedDefinition } from '../definition/definitions.js';
import { knows, migrationPolicy } from './domain/intervention-policy.js';
import { migrationProblems, requestIntervention } from './domain/interventions.js';
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
  ) {}

  /** Asks to put an instance into a state that its definition does not lead to. @throws as `requestIntervention` */
  force(
    { workflowId, to, reason }: BodyOf<typeof ForceWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    const approvalId = approvalOf(context);
    return this.instances.change(workflowId, context, (state, definition, cause) =>
      requestIntervention(state, { kind: 'force', approvalId, to, reason }, definition, cause),
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
        cause,
      );
    });
  }

  /** Asks to let an instance follow another version of its template. @throws as `requestIntervention` */
  async migrate(
    { workflowId, reason, ...wanted }: BodyOf<typeof MigrateWorkflow>,
    context: CommandContext,
  ): Promise<WorkflowReply> {
    const approvalId = approvalOf(context);
    return this.instances.change(workflowId, context, async (state, definition, cause) => {
      const current = running(state);
      const { target, to } = await this.#targetOf(current, wanted);
      const { templateVersion, hash: definitionHash, compiled } = target;
      return requestIntervention(
        state,
        {
          kind: 'migration',
          approvalId,
          to,
          reason,
          target: { templateVersion, definitionHash, compiled },
        },
        definition,
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
    const { target, to } = await this.#targetOf(current, wanted);
    const problems = migrationProblems(current, to, target.compiled);
    if (current.definitionHash === target.hash) problems.push('it follows this version already');
    const followed = await this.definitions.compiled(current.definitionHash);
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

  async #targetOf(
    { identity, state, overrides }: ExistingWorkflow,
    { version, states }: z.output<typeof MigrationBody>,
  ): Promise<{ target: PinnedDefinition; to: string }> {
    const target = await this.definitions.pin(identity.template, version, overrides);
    const to = Object.hasOwn(states, state) ? (states[state] ?? state) : state;
    return { target, to };
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
