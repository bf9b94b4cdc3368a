import {
  CreateTrigger,
  DeleteTrigger,
  DryRunTrigger,
  FireTrigger,
  PauseTrigger,
  ResumeTrigger,
  RetryIncident,
  TemplateVersionPublished,
} from '@countersign/contracts';
import { ServiceRuntime } from '@countersign/service-kit';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';

import { Definitions } from '../definition/definitions.js';
import { builtInTriggers } from './built-in-triggers.js';
import { DryRun } from './dry-run.js';
import { IncidentRetry } from './incident-retry.js';
import { Scheduler } from './scheduler.js';
import { TriggerConsumer } from './trigger.consumer.js';
import { TriggerTemplates } from './trigger-templates.js';
import { TriggerHandler } from './trigger.handler.js';
import { Triggers } from './triggers.js';

/** What the workflow service takes from the bus about triggers, and what fires them. */
@Injectable()
export class TriggerController implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(ServiceRuntime) private readonly runtime: ServiceRuntime,
    @Inject(TriggerHandler) private readonly handler: TriggerHandler,
    @Inject(DryRun) private readonly dryRun: DryRun,
    @Inject(IncidentRetry) private readonly incidentRetry: IncidentRetry,
    @Inject(Triggers) private readonly triggers: Triggers,
    @Inject(TriggerConsumer) private readonly consumer: TriggerConsumer,
    @Inject(TriggerTemplates) private readonly templates: TriggerTemplates,
    @Inject(Definitions) private readonly definitions: Definitions,
    @Inject(Scheduler) private readonly scheduler: Scheduler,
  ) {}

  async onModuleInit(): Promise<void> {
    const { handler } = this;
    const { commands, health, reactor } = this.runtime;
    for (const trigger of builtInTriggers) await handler.registerBuiltIn(trigger);
    commands.serve(CreateTrigger, (body, context) => handler.create(body, context));
    commands.serve(PauseTrigger, (body, context) => handler.pause(body, context));
    commands.serve(ResumeTrigger, (body, context) => handler.resume(body, context));
    commands.serve(DeleteTrigger, (body, context) => handler.delete(body, context));
    commands.serve(FireTrigger, (body, context) => handler.fire(body, context));
    commands.serve(DryRunTrigger, (body, context) => this.dryRun.run(body, context));
    commands.serve(RetryIncident, (body, context) => this.incidentRetry.retry(body, context));
    reactor.on(TemplateVersionPublished, async ({ data }) => {
      this.definitions.forget();
      await this.templates.published(data);
      return undefined;
    });
    health.add('triggers', () => this.triggers.ready);
    health.add('messages', () => this.consumer.ready);
    this.triggers.start();
    // A message that came before its trigger is known would be passed over for ever.
    void this.triggers.whenReady().then(() => {
      this.consumer.start();
      this.scheduler.start();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.scheduler.stop();
    await this.consumer.stop();
    await this.triggers.stop();
  }
}
