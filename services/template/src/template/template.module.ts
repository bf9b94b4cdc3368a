import { ServiceModule } from '@countersign/service-kit';
import { Module } from '@nestjs/common';

import { TemplateController } from './template.controller.js';
import { TemplateHandler } from './template.handler.js';
import { Templates } from './templates.js';

@Module({
  imports: [ServiceModule.named('template')],
  providers: [Templates, TemplateHandler, TemplateController],
})
export class TemplateModule {}
