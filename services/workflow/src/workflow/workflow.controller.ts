import {
  ActivateWorkflow,
  ApprovalGranted,
  ApprovalRejected,
  CancelWorkflow,
  PauseWorkflow,
  ResumeWorkflow,
  StartWorkflow,
  TransitionWorkflow,
} from '@countersign/contracts';
import { ServiceRuntime } from '@countersign/service-kit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';

import { WorkflowHandler } from './workflow.handler.js';

/** What the workflow service takes from the bus about instances. */
@Injectable()
export class WorkflowController implements OnModuleInit {
  constructor(
    @Inject(ServiceRuntime) private readonly runtime: ServiceRuntime,
    @Inject(WorkflowHandler) private readonly handler: WorkflowHandler,
  ) {}

  onModuleInit(): void {
    const { handler } = this;
    const { commands, reactor } = this.runtime;
    commands.serve(StartWorkflow, (body, context) => handler.start(body, context));
    commands.serve(ActivateWorkflow, (body, context) => handler.activate(body, context));
    commands.serve(TransitionWorkflow, (body, context) => handler.transition(body, context));
    commands.serve(PauseWorkflow, (body, context) => handler.pause(body, context));
    commands.serve(ResumeWorkflow, (body, context) => handler.resume(body, context));
    commands.serve(CancelWorkflow, (body, context) => handler.cancel(body, context));
    reactor.on(ApprovalGranted, (event) => handler.granted(event));
    reactor.on(ApprovalRejected, (event) => handler.rejected(event));
  }
}
