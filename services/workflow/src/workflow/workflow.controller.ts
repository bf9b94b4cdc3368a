import {
  ActivateWorkflow,
  ApprovalGranted,
  ApprovalRejected,
  ApprovalTimedOut,
  ApprovalWithdrawn,
  CancelWorkflow,
  FailWorkflow,
  ForceWorkflow,
  MigrateWorkflow,
  PauseWorkflow,
  PreviewMigration,
  ResetWorkflow,
  ResumeWorkflow,
  RetryWorkflow,
  SignalByKey,
  SignalWorkflow,
  StartWorkflow,
  TransitionWorkflow,
  WithdrawSignal,
  WorkflowChildAbandoned,
  WorkflowChildEnded,
  WorkflowChildRequested,
} from '@countersign/contracts';
import { ServiceRuntime } from '@countersign/service-kit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { z } from 'zod';

import { BulkJobHandler } from '../bulk-job/bulk-job.handler.js';
import type { ApprovalOutcome } from './domain/state.js';
import { InterventionsHandler } from './interventions.handler.js';
import { OutcomesHandler } from './outcomes.handler.js';
import { SignalsHandler } from './signals.handler.js';
import { WorkflowHandler } from './workflow.handler.js';

/** What the workflow service takes from the bus about instances. */
@Injectable()
export class WorkflowController implements OnModuleInit {
  constructor(
    @Inject(ServiceRuntime) private readonly runtime: ServiceRuntime,
    @Inject(WorkflowHandler) private readonly handler: WorkflowHandler,
    @Inject(SignalsHandler) private readonly signals: SignalsHandler,
    @Inject(InterventionsHandler) private readonly interventions: InterventionsHandler,
    @Inject(OutcomesHandler) private readonly outcomes: OutcomesHandler,
    @Inject(BulkJobHandler) private readonly bulkJobs: BulkJobHandler,
  ) {}

  onModuleInit(): void {
    const { handler, signals, interventions, outcomes, bulkJobs } = this;
    const { commands, reactor } = this.runtime;
    commands.serve(StartWorkflow, (body, context) => handler.start(body, context));
    commands.serve(ActivateWorkflow, (body, context) => handler.activate(body, context));
    commands.serve(TransitionWorkflow, (body, context) => handler.transition(body, context));
    commands.serve(PauseWorkflow, (body, context) => handler.pause(body, context));
    commands.serve(ResumeWorkflow, (body, context) => handler.resume(body, context));
    commands.serve(CancelWorkflow, (body, context) => handler.cancel(body, context));
    commands.serve(FailWorkflow, (body, context) => handler.fail(body, context));
    commands.serve(RetryWorkflow, (body, context) => handler.retry(body, context));
    commands.serve(SignalWorkflow, (body, context) => signals.signal(body, context));
    commands.serve(WithdrawSignal, (body, context) => signals.withdraw(body, context));
    commands.serve(SignalByKey, (body, context) => signals.signalByKey(body, context));
    commands.serve(ForceWorkflow, (body, context) => interventions.force(body, context));
    commands.serve(ResetWorkflow, (body, context) => interventions.reset(body, context));
    commands.serve(MigrateWorkflow, (body, context) => interventions.migrate(body, context));
    commands.serve(PreviewMigration, (body) => interventions.previewMigration(body));
    reactor.on(ApprovalGranted, (event) =>
      event.data.bulkJobId === undefined
        ? outcomes.approvalEnded(event, { outcome: 'granted', decidedBy: decidersIn(event.data) })
        : bulkJobs.granted(event),
    );
    reactor.on(ApprovalRejected, (event) => {
      const { reason, rejectedBy } = event.data;
      const decidedBy = rejectedBy === undefined ? [] : [rejectedBy];
      return this.#notGranted(event, { outcome: 'rejected', reason, decidedBy });
    });
    reactor.on(ApprovalTimedOut, (event) => {
      const { outcome, deadline } = event.data;
      const reason = `nobody decided in time, by ${deadline}`;
      return this.#notGranted(event, {
        outcome: outcome === 'reject' ? 'rejected' : 'withdrawn',
        reason,
      });
    });
    reactor.on(ApprovalWithdrawn, (event) =>
      this.#notGranted(event, { outcome: 'withdrawn', reason: event.data.reason }),
    );
    reactor.on(WorkflowChildRequested, (event) => outcomes.startChild(event));
    reactor.on(WorkflowChildEnded, (event) => outcomes.childEnded(event));
    reactor.on(WorkflowChildAbandoned, (event) => outcomes.cancelChild(event));
  }

  #notGranted(
    event: Parameters<BulkJobHandler['notGranted']>[0],
    how: Omit<ApprovalOutcome, 'approvalId'> & { readonly reason: string },
  ): Promise<string | undefined> {
    return event.data.bulkJobId === undefined
      ? this.outcomes.approvalEnded(event, how)
      : this.bulkJobs.notGranted(event, how.reason);
  }
}

/** Who gave an approval; after an emergency override, whoever used it. */
function decidersIn({
  approvers,
  overriddenBy,
}: Pick<z.output<typeof ApprovalGranted.schema>, 'approvers' | 'overriddenBy'>): string[] {
  return overriddenBy === undefined ? approvers : [overriddenBy];
}
