import { CreateDelegation, EndDelegation, ReplaceDirectory } from '@countersign/contracts';
import { ServiceRuntime } from '@countersign/service-kit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';

import { DirectoryHandler } from './directory.handler.js';

/** What is asked of the directory over the bus. */
@Injectable()
export class DirectoryController implements OnModuleInit {
  constructor(
    @Inject(ServiceRuntime) private readonly runtime: ServiceRuntime,
    @Inject(DirectoryHandler) private readonly handler: DirectoryHandler,
  ) {}

  onModuleInit(): void {
    const { handler } = this;
    const { commands } = this.runtime;
    commands.serve(ReplaceDirectory, (body, context) => handler.replace(body, context));
    commands.serve(CreateDelegation, (body, context) => handler.delegate(body, context));
    commands.serve(EndDelegation, (body, context) => handler.endDelegation(body, context));
  }
}
