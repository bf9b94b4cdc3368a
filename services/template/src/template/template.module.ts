import { ServiceModule } from '@countersign/service-kit';
import { Module } from '@nestjs/common';

import { TemplateAnalysis } from './template.analysis.js';
import { TemplateController } from './template.controller.js';
import { TemplateHandler } from './template.handler.js';
import { Templates } from './templates.js';

@Module({
  imports: [ServiceModule.named('template')],
  providers: [Templates, TemplateAnalysis, TemplateHandler, TemplateController],
})
export class TemplateModule {}
