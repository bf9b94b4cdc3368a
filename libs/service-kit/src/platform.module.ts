import { EventStore } from '@countersign/event-store';
import { Clock } from '@countersign/kernel';
import { BusSigner, CommandClient, EventOffers } from '@countersign/messaging';
import { type DynamicModule, Module } from '@nestjs/common';
import pg from 'pg';

import { DirectoryReader } from './directory/directory-reader.js';
import { Log } from './log.js';
import { PLATFORM } from './platform-token.js';
import type { Platform } from './platform.js';

/** Makes an open platform's parts injectable, each under its own class, in every module. */
@Module({})
export class PlatformModule {
  static of(platform: Platform): DynamicModule {
    const providers = [
      { provide: PLATFORM, useValue: platform },
      { provide: Log, useValue: platform.log },
      { provide: Clock, useValue: platform.clock },
      { provide: EventStore, useValue: platform.store },
      { provide: BusSigner, useValue: platform.signer },
      { provide: CommandClient, useValue: platform.commands },
      { provide: EventOffers, useValue: platform.offers },
      { provide: DirectoryReader, useValue: platform.directory },
      { provide: pg.Pool, useValue: platform.pool },
    ];
    return { module: PlatformModule, global: true, providers, exports: providers };
  }
}
