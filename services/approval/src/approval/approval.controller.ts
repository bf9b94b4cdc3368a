import {
  BulkJobApprovalRequested,
  BulkJobEnded,
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
  WorkflowApprovalAbandoned,
  WorkflowCancelled,
  WorkflowEscalated,
  WorkflowInterventionRequested,
  WorkflowPaused,
  WorkflowResumed,
  WorkflowTransitionRequested,
} from '@countersign/contracts';
import { ServiceRuntime } from '@countersign/service-kit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';

import { ApprovalReactions } from './approval-reactions.js';
import { ApprovalHandler } from './approval.handler.js';

/** What the approval service takes from the bus. */
@Injectable()
export class ApprovalController implements OnModuleInit {
  constructor(
    @Inject(ServiceRuntime) private readonly runtime: ServiceRuntime,
    @Inject(ApprovalHandler) private readonly handler: ApprovalHandler,
    @Inject(ApprovalReactions) private readonly reactions: ApprovalReactions,
  ) {}

  onModuleInit(): void {
    this.#serve();
    this.#react();
  }

  #serve(): void {
    const { handler } = this;
    const { commands } = this.runtime;
    commands.serve(RequestApproval, (body, context) => handler.request(body, context));
    commands.serve(DecideApproval, (body, context) => handler.decide(body, context));
    commands.serve(EscalateApproval, (body, context) => handler.escalate(body, context));
    commands.serve(WithdrawApproval, (body, context) => handler.withdraw(body, context));
    commands.serve(RevokeDecision, (body, context) => handler.revoke(body, context));
    commands.serve(CommentOnApproval, (body, context) => handler.comment(body, context));
    commands.serve(ChangeSubject, (body, context) => handler.changeSubject(body, context));
    commands.serve(ClaimApproval, (body, context) => handler.claim(body, context));
    commands.serve(ReleaseApproval, (body, context) => handler.release(body, context));
    commands.serve(OverrideApproval, (body, context) => handler.override(body, context));
    commands.serve(CloseReview, (body, context) => handler.closeReview(body, context));
    commands.serve(ExplainApproval, (body, context) => handler.explain(body, context));
  }

  #react(): void {
    const { reactions } = this;
    const { reactor } = this.runtime;
    reactor.on(WorkflowTransitionRequested, (event) => reactions.openFor(event));
    reactor.on(WorkflowInterventionRequested, (event) => reactions.openFor(event));
    reactor.on(BulkJobApprovalRequested, (event) => reactions.openForJob(event));
    reactor.on(BulkJobEnded, (event) => reactions.cancelFor(event));
    reactor.on(WorkflowApprovalAbandoned, (event) => reactions.cancelFor(event));
    reactor.on(WorkflowCancelled, (event) => reactions.cancelFor(event));
    reactor.on(WorkflowPaused, (event) => reactions.pauseFor(event));
    reactor.on(WorkflowResumed, (event) => reactions.resumeFor(event));
    reactor.on(WorkflowEscalated, (event) => reactions.escalateFor(event));
  }
}
