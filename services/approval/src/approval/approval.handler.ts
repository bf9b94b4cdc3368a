import type {
  ApprovalEvent,
  ChangeSubject,
  ClaimApproval,
  CloseReview,
  CommentOnApproval,
  DecideApproval,
  EscalateApproval,
  ExplainApproval,
  OverrideApproval,
  ReleaseApproval,
  RequestApproval,
  RevokeDecision,
  WithdrawApproval,
} from '@countersign/contracts';
import { AppError, derivedId, hashOf } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { DirectoryReader } from '@countersign/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { ApprovalChanges } from './approval-changes.js';
import { Approvals } from './approvals.js';
import { closeReview, overrideApproval } from './domain/break-glass.js';
import { claimApproval, commentOn, releaseApproval } from './domain/conversation.js';
import { decideApproval, recordRefusal } from './domain/decide.js';
import type { Cause, Events } from './domain/draft.js';
import { revokeDecision, withdrawApproval } from './domain/ending.js';
import { escalateApproval } from './domain/escalate.js';
import { explainApproval } from './domain/explain.js';
import { requestAdHoc } from './domain/request.js';
import { quorumOf } from './domain/counting.js';
import type { ApprovalState, ExistingApproval } from './domain/state.js';
import { changeSubject } from './domain/subject.js';

type Body<Command extends { body: z.ZodType }> = z.output<Command['body']>;
type Reply<Command extends { reply: z.ZodType }> = Promise<z.output<Command['reply']>>;

/** What people do with approvals. Each is decided by the aggregate, with the directory as it is at that moment. */
@Injectable()
export class ApprovalHandler {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(ApprovalChanges) private readonly changes: ApprovalChanges,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
  ) {}

  async request(
    body: Body<typeof RequestApproval>,
    context: CommandContext,
  ): Reply<typeof RequestApproval> {
    const approvalId = derivedId('ad-hoc approval', context.commandId);
    const { state, ...reply } = await this.#change(approvalId, context, (current, cause) =>
      requestAdHoc(current, approvalId, body, cause),
    );
    return {
      ...reply,
      subjectHash: state.subjectHash,
      quorum: quorumOf(state, this.directory.current),
    };
  }

  async decide(
    { approvalId, ...vote }: Body<typeof DecideApproval>,
    context: CommandContext,
  ): Reply<typeof DecideApproval> {
    const decisionId = derivedId('decision', context.commandId);
    const decision = { decisionId, ...vote };
    try {
      const { state, ...reply } = await this.#change(approvalId, context, (current, cause) =>
        decideApproval(current, decision, cause),
      );
      const quorum = quorumOf(state, this.directory.current);
      const { given: approvals, required } = quorum;
      return { ...reply, decisionId, approvals, required, quorum };
    } catch (error) {
      if (error instanceof AppError) await this.#recordRefusal(approvalId, vote, error, context);
      throw error;
    }
  }

  async escalate(
    { approvalId, ...body }: Body<typeof EscalateApproval>,
    context: CommandContext,
  ): Reply<typeof EscalateApproval> {
    const {
      state: _,
      events,
      ...reply
    } = await this.#change(approvalId, context, (current, cause) =>
      escalateApproval(current, body, cause),
    );
    return { ...reply, approvers: dataOf(events, 'approval.escalated').approvers };
  }

  async withdraw(
    { approvalId, reason }: Body<typeof WithdrawApproval>,
    context: CommandContext,
  ): Reply<typeof WithdrawApproval> {
    return this.#change(approvalId, context, (current, cause) =>
      withdrawApproval(current, reason, cause),
    );
  }

  async revoke(
    { approvalId, ...body }: Body<typeof RevokeDecision>,
    context: CommandContext,
  ): Reply<typeof RevokeDecision> {
    const { state, events, ...reply } = await this.#change(approvalId, context, (current, cause) =>
      revokeDecision(current, body, cause),
    );
    const { decisionId } = dataOf(events, 'approval.decision-revoked');
    return { ...reply, decisionId, quorum: quorumOf(state, this.directory.current) };
  }

  async comment(
    { approvalId, ...body }: Body<typeof CommentOnApproval>,
    context: CommandContext,
  ): Reply<typeof CommentOnApproval> {
    const commentId = derivedId('comment', context.commandId);
    const reply = await this.#change(approvalId, context, (current, cause) =>
      commentOn(current, { commentId, ...body }, cause),
    );
    return { ...reply, commentId };
  }

  async changeSubject(
    { approvalId, ...body }: Body<typeof ChangeSubject>,
    context: CommandContext,
  ): Reply<typeof ChangeSubject> {
    const { state, events, ...reply } = await this.#change(approvalId, context, (current, cause) =>
      changeSubject(current, body, cause),
    );
    const { subjectHash } = state;
    // Nothing was recorded when nothing differs.
    if (events.length === 0) {
      return { ...reply, subjectHash, material: false, changed: [], voided: [] };
    }
    const { material, changed, voided } = dataOf(events, 'approval.subject-changed');
    return { ...reply, subjectHash, material, changed, voided };
  }

  async claim(
    { approvalId }: Body<typeof ClaimApproval>,
    context: CommandContext,
  ): Reply<typeof ClaimApproval> {
    const { state, ...reply } = await this.#change(approvalId, context, claimApproval);
    return { ...reply, claimedBy: state.claimedBy ?? context.actor.id };
  }

  async release(
    { approvalId }: Body<typeof ReleaseApproval>,
    context: CommandContext,
  ): Reply<typeof ReleaseApproval> {
    return this.#change(approvalId, context, releaseApproval);
  }

  async override(
    { approvalId, ...body }: Body<typeof OverrideApproval>,
    context: CommandContext,
  ): Reply<typeof OverrideApproval> {
    return this.#change(approvalId, context, (current, cause) =>
      overrideApproval(current, body, cause),
    );
  }

  async closeReview(
    { approvalId, ...body }: Body<typeof CloseReview>,
    context: CommandContext,
  ): Reply<typeof CloseReview> {
    return this.#change(approvalId, context, (current, cause) => closeReview(current, body, cause));
  }

  /** Reads, and writes nothing. */
  async explain(
    { approvalId }: Body<typeof ExplainApproval>,
    { actor }: CommandContext,
  ): Reply<typeof ExplainApproval> {
    const state = await this.approvals.load(Approvals.streamOf(approvalId));
    return explainApproval(state, { ...(await this.changes.moment()), actor });
  }

  async #change(
    approvalId: string,
    context: CommandContext,
    decide: (state: ApprovalState, cause: Cause) => Events,
  ) {
    const { actor } = context;
    const outcome = await this.changes.change(approvalId, context, (state, moment) =>
      decide(state, { ...moment, actor }),
    );
    // Whatever was decided, was decided about an approval that is there.
    const state = outcome.state as ExistingApproval;
    const events = outcome.events as readonly unknown[] as Events;
    return { approvalId, status: state.status, position: outcome.position, state, events };
  }

  /** A refusal of the rules is recorded beside the request; the caller hears of the refusal either way. */
  async #recordRefusal(
    approvalId: string,
    vote: Pick<Body<typeof DecideApproval>, 'action' | 'onBehalfOf'>,
    refusal: AppError,
    context: CommandContext,
  ): Promise<void> {
    if (!refusal.code.startsWith('approval.')) return;
    const besides = {
      ...context,
      commandId: derivedId('refusal', context.commandId),
      commandHash: hashOf(refusal.code),
    };
    await this.changes.change(approvalId, besides, (state) =>
      recordRefusal(state, vote, refusal, context),
    );
  }
}

type DataOf<Type extends ApprovalEvent['type']> = Extract<ApprovalEvent, { type: Type }>['data'];

/** The data of the one event of a type. @throws Error when there is none */
function dataOf<Type extends ApprovalEvent['type']>(events: Events, type: Type): DataOf<Type> {
  const event = events.find((each) => each.type === type);
  if (!event) throw new Error(`no ${type} was recorded`);
  return event.data as DataOf<Type>;
}
