import { Controller, Get, Inject } from '@nestjs/common';
import { z } from 'zod';

import { Public } from '../auth/auth.guard.js';
import { ApiDocuments } from '../documents/api-documents.js';
import { Operation } from '../documents/operation.js';
import { API } from './api-path.js';

const Document = z.looseObject({ info: z.looseObject({ title: z.string() }) });

/** The documents that describe the product to programs. */
@Public()
@Controller(API)
export class DocumentsController {
  constructor(@Inject(ApiDocuments) private readonly documents: ApiDocuments) {}

  @Get('openapi.json')
  @Operation({ summary: 'This API, as an OpenAPI 3.1 document', reply: Document })
  openApi() {
    return this.documents.openApi;
  }

  @Get('asyncapi.json')
  @Operation({ summary: 'The events on NATS, as an AsyncAPI 3.0 document', reply: Document })
  asyncApi() {
    return this.documents.asyncApi;
  }
}
