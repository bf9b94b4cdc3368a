import {
  PublishTemplate,
  ResolveTemplate,
  RetireTemplate,
  ReturnTemplate,
  SaveTemplateDraft,
  SubmitTemplate,
  ValidateTemplate,
} from '@countersign/contracts';
import { ServiceRuntime } from '@countersign/service-kit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';

import { builtInTemplates } from './built-in/index.js';
import { TemplateHandler } from './template.handler.js';

/** What the template service takes from the bus, and what it comes with. */
@Injectable()
export class TemplateController implements OnModuleInit {
  constructor(
    @Inject(ServiceRuntime) private readonly runtime: ServiceRuntime,
    @Inject(TemplateHandler) private readonly handler: TemplateHandler,
  ) {}

  async onModuleInit(): Promise<void> {
    const { handler } = this;
    const { commands } = this.runtime;
    for (const definition of builtInTemplates) await handler.publishBuiltIn(definition);
    commands.serve(ValidateTemplate, (body, context) => handler.validate(body, context));
    commands.serve(SaveTemplateDraft, (body, context) => handler.save(body, context));
    commands.serve(SubmitTemplate, (body, context) => handler.submit(body, context));
    commands.serve(ReturnTemplate, (body, context) => handler.return(body, context));
    commands.serve(PublishTemplate, (body, context) => handler.publish(body, context));
    commands.serve(RetireTemplate, (body, context) => handler.retire(body, context));
    commands.serve(ResolveTemplate, (body) => handler.resolve(body));
  }
}
