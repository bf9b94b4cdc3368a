import { RegisterTrigger } from '@countersign/contracts';
import { ServiceRuntime } from '@countersign/service-kit';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';

import { builtInTriggers } from './built-in-triggers.js';
import { TriggerConsumer } from './trigger.consumer.js';
import { Triggers } from './triggers.js';

/** What the workflow service takes from the bus about triggers, and the messages that fire them. */
@Injectable()
export class TriggerController implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(ServiceRuntime) private readonly runtime: ServiceRuntime,
    @Inject(Triggers) private readonly triggers: Triggers,
    @Inject(TriggerConsumer) private readonly consumer: TriggerConsumer,
  ) {}

  async onModuleInit(): Promise<void> {
    const { commands, health } = this.runtime;
    for (const trigger of builtInTriggers) await this.triggers.registerBuiltIn(trigger);
    commands.serve(RegisterTrigger, (body, context) => this.triggers.register(body, context));
    health.add('triggers', () => this.triggers.ready);
    health.add('messages', () => this.consumer.ready);
    this.triggers.start();
    // A message that came before its trigger is known would be passed over for ever.
    void this.triggers.whenReady().then(() => {
      this.consumer.start();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.consumer.stop();
    await this.triggers.stop();
  }
}
