import 'reflect-metadata';

import { messageOf } from '@countersign/kernel';
import {
  type DynamicModule,
  type INestApplicationContext,
  Module,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { loadConfig } from './config.js';
import { PlatformModule } from './platform.module.js';
import { openPlatform, type Platform } from './platform.js';

type HostedModule = Type | DynamicModule;

@Module({})
class HostModule {}

/** Puts services on an open platform, without starting them. */
export function hostModule(platform: Platform, modules: readonly HostedModule[]): DynamicModule {
  return { module: HostModule, imports: [PlatformModule.of(platform), ...modules] };
}

/** Starts services without HTTP on an open platform. */
export function startServices(
  platform: Platform,
  modules: readonly HostedModule[],
): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(hostModule(platform, modules), {
    logger: ['error', 'fatal'],
    abortOnError: false,
  });
}

/**
 * The main function of a process that hosts services: starts them, and stops them on SIGINT or
 * SIGTERM. What prevents the start is one line on standard error and exit code 1.
 */
export async function runService(
  start: (platform: Platform) => Promise<INestApplicationContext>,
): Promise<void> {
  let platform: Platform | undefined;
  try {
    platform = await openPlatform(loadConfig());
    const app = await start(platform);
    const open = platform;
    let stopping = false;
    const stop = async () => {
      if (stopping) return;
      stopping = true;
      await app.close();
      await open.close();
      process.exit(0);
    };
    process.on('SIGINT', () => void stop());
    process.on('SIGTERM', () => void stop());
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  }
}
