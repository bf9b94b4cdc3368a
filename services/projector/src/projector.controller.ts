import { EventStore } from '@countersign/event-store';
import { Log, PLATFORM, type Platform, ServiceRuntime } from '@countersign/service-kit';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';

import { Projector } from './projector.js';

/** Runs the projector for as long as the application lives. */
@Injectable()
export class ProjectorController implements OnModuleInit, OnApplicationShutdown {
  readonly #projector: Projector;

  constructor(
    @Inject(EventStore) store: EventStore,
    @Inject(PLATFORM) { config, bus }: Platform,
    @Inject(Log) log: Log,
    @Inject(ServiceRuntime) private readonly runtime: ServiceRuntime,
  ) {
    this.#projector = new Projector(store, config.DATABASE_URL, bus, log);
  }

  onModuleInit(): void {
    this.runtime.health.add('read tables level with the feed', () => this.#projector.caughtUp);
    this.#projector.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#projector.stop();
  }
}
