import { ServiceModule } from '@countersign/service-kit';
import { Module } from '@nestjs/common';

import { ProjectorController } from './projector.controller.js';

/** The projector service: builds the read tables from the feed. */
@Module({ imports: [ServiceModule.named('projector')], providers: [ProjectorController] })
export class ProjectorServiceModule {}

export { buildBeside, rebuildAndSwap, type RebuildProgress } from './rebuild.js';
