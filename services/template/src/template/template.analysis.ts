import { PLATFORM, type Platform } from '@countersign/service-kit';
import type { Finding, WorkflowDefinition } from '@countersign/state-machine';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { AnalysisWorker } from '../analysis/analysis-worker.js';

/** What is wrong or doubtful about definitions, with the organisation's people as they are today. */
@Injectable()
export class TemplateAnalysis implements OnApplicationShutdown {
  readonly #worker = new AnalysisWorker();

  constructor(@Inject(PLATFORM) private readonly platform: Platform) {}

  /** @throws AppError what `AnalysisWorker.findings` throws. */
  findings(definition: WorkflowDefinition): Promise<readonly Finding[]> {
    return this.#worker.findings(definition, this.platform.people.directory);
  }

  /** The same for any organisation: whether there are enough people for its approvals is not asked. */
  findingsForAnybody(definition: WorkflowDefinition): Promise<readonly Finding[]> {
    return this.#worker.findings(definition);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#worker.stop();
  }
}
