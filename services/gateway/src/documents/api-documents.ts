import type { Type } from '@nestjs/common';

import { asyncApi } from './asyncapi.js';
import { openApiOf } from './openapi.js';

/** The documents that describe the product to programs. Made once: they depend on the code, and on where NATS is. */
export class ApiDocuments {
  readonly openApi: object;
  readonly asyncApi: object;

  constructor(controllers: readonly Type[], natsUrl: string) {
    this.openApi = openApiOf(controllers);
    this.asyncApi = asyncApi(natsUrl);
  }
}
