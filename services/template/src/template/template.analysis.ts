import { PLATFORM, type Platform } from '@countersign/service-kit';
import type { Finding, WorkflowDefinition } from '@countersign/state-machine';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { AnalysisWorker } from '../analysis/analysis-worker.js';

/** What is wrong or doubtful about definitions, with the organisation's people as they are today. */
@Injectable()
export class TemplateAnalysis implements OnApplicationShutdown {
  readonly #worker = new AnalysisWorker();

  constructor(@Inject(PLATFORM) private readonly platform: Platform) {}

  /**
   * @param actor id of whoever asks
   * @throws AppError what `AnalysisWorker.findings` throws.
   */
  findings(actor: string, definition: WorkflowDefinition): Promise<readonly Finding[]> {
    return this.#worker.findings(actor, definition, this.platform.people.directory);
  }

  /** The same for any organisation: whether there are enough people for its approvals is not asked. */
  findingsForAnybody(actor: string, definition: WorkflowDefinition): Promise<readonly Finding[]> {
    return this.#worker.findings(actor, definition);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#worker.stop();
  }
}
