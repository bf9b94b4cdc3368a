import { ServiceModule } from '@countersign/service-kit';
import { Module } from '@nestjs/common';

import { BulkItems } from './bulk-job/bulk-items.js';
import { BulkJobController } from './bulk-job/bulk-job.controller.js';
import { BulkJobHandler } from './bulk-job/bulk-job.handler.js';
import { BulkJobRunner } from './bulk-job/bulk-job.runner.js';
import { BulkJobs } from './bulk-job/bulk-jobs.js';
import { MatchingInstances } from './bulk-job/matching-instances.js';
import { BusinessKeys } from './business-key/business-keys.js';
import { Definitions } from './definition/definitions.js';
import { DeadLetters } from './trigger/dead-letters.js';
import { DryRun } from './trigger/dry-run.js';
import { Firings } from './trigger/firings.js';
import { IncidentRetry } from './trigger/incident-retry.js';
import { Incidents } from './trigger/incidents.js';
import { MessageFiring } from './trigger/message-firing.js';
import { Scheduler } from './trigger/scheduler.js';
import { Schedules } from './trigger/schedules.js';
import { StoredMessages } from './trigger/stored-messages.js';
import { ThresholdWindows } from './trigger/threshold-windows.js';
import { TriggerConsumer } from './trigger/trigger.consumer.js';
import { TriggerController } from './trigger/trigger.controller.js';
import { TriggerHandler } from './trigger/trigger.handler.js';
import { TriggerTemplates } from './trigger/trigger-templates.js';
import { Triggers } from './trigger/triggers.js';
import { DueTimers } from './timer/due-timers.js';
import { TimerHints } from './timer/timer-hints.js';
import { Timers } from './timer/timers.js';
import { InstanceChanges } from './workflow/instance-changes.js';
import { InterventionsHandler } from './workflow/interventions.handler.js';
import { OutcomesHandler } from './workflow/outcomes.handler.js';
import { SignalsHandler } from './workflow/signals.handler.js';
import { WorkflowController } from './workflow/workflow.controller.js';
import { WorkflowHandler } from './workflow/workflow.handler.js';
import { Workflows } from './workflow/workflows.js';

/** The workflow service: instances, the definitions that they are pinned to, and triggers. */
@Module({
  imports: [ServiceModule.named('workflow')],
  providers: [
    Workflows,
    Definitions,
    BusinessKeys,
    InstanceChanges,
    WorkflowHandler,
    SignalsHandler,
    InterventionsHandler,
    OutcomesHandler,
    TimerHints,
    DueTimers,
    Timers,
    BulkJobs,
    MatchingInstances,
    BulkItems,
    BulkJobRunner,
    BulkJobHandler,
    BulkJobController,
    WorkflowController,
    Triggers,
    TriggerTemplates,
    TriggerHandler,
    Firings,
    ThresholdWindows,
    MessageFiring,
    Incidents,
    DeadLetters,
    StoredMessages,
    IncidentRetry,
    DryRun,
    Schedules,
    Scheduler,
    TriggerConsumer,
    TriggerController,
  ],
})
export class WorkflowServiceModule {}
