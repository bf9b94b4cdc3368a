import {
  BulkJobApprovalRequested,
  BulkJobEnded,
  DecideApproval,
  WorkflowApprovalAbandoned,
  WorkflowCancelled,
  WorkflowInterventionRequested,
  WorkflowTransitionRequested,
} from '@countersign/contracts';
import { ServiceRuntime } from '@countersign/service-kit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';

import { ApprovalHandler } from './approval.handler.js';

/** What the approval service takes from the bus. */
@Injectable()
export class ApprovalController implements OnModuleInit {
  constructor(
    @Inject(ServiceRuntime) private readonly runtime: ServiceRuntime,
    @Inject(ApprovalHandler) private readonly handler: ApprovalHandler,
  ) {}

  onModuleInit(): void {
    const { handler } = this;
    const { commands, reactor } = this.runtime;
    commands.serve(DecideApproval, (body, context) => handler.decide(body, context));
    reactor.on(WorkflowTransitionRequested, (event) => handler.openFor(event));
    reactor.on(WorkflowInterventionRequested, (event) => handler.openFor(event));
    reactor.on(BulkJobApprovalRequested, (event) => handler.openForJob(event));
    reactor.on(BulkJobEnded, (event) => handler.withdrawFor(event));
    reactor.on(WorkflowApprovalAbandoned, (event) => handler.withdrawFor(event));
    reactor.on(WorkflowCancelled, (event) => handler.withdrawFor(event));
  }
}
