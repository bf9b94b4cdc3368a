import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';

import { PLATFORM } from './platform-token.js';
import type { Platform } from './platform.js';
import { ServiceRuntime } from './service-runtime.js';

/**
 * Gives a service's module its own runtime and ties it to the application's life: controllers
 * register in `onModuleInit`, then the runtime starts.
 */
@Module({})
export class ServiceModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(ServiceRuntime) private readonly runtime: ServiceRuntime) {}

  static named(service: string): DynamicModule {
    const runtime = {
      provide: ServiceRuntime,
      inject: [PLATFORM],
      useFactory: (platform: Platform) => new ServiceRuntime(platform, service),
    };
    return { module: ServiceModule, providers: [runtime], exports: [runtime] };
  }

  onApplicationBootstrap(): void {
    this.runtime.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.runtime.stop();
  }
}
