import { Module } from '@nestjs/common';

import { TemplateModule } from './template/template.module.js';

/** The template service: immutable versions of workflow definitions. */
@Module({ imports: [TemplateModule] })
export class TemplateServiceModule {}
