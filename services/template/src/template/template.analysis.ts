import { documentOf } from '@countersign/contracts';
import { DirectoryReader } from '@countersign/service-kit';
import type { Finding, WorkflowDefinition } from '@countersign/state-machine';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { AnalysisWorker } from '../analysis/analysis-worker.js';

/** What is wrong or doubtful about definitions, with the organisation's people as they are today. */
@Injectable()
export class TemplateAnalysis implements OnApplicationShutdown {
  readonly #worker = new AnalysisWorker();

  constructor(@Inject(DirectoryReader) private readonly directory: DirectoryReader) {}

  /** @throws AppError what `AnalysisWorker.findings` throws. */
  async findings(definition: WorkflowDefinition): Promise<readonly Finding[]> {
    const { isEmpty } = await this.directory.load();
    return this.#worker.findings(
      definition,
      isEmpty ? undefined : documentOf(this.directory.state),
    );
  }

  /** The same for any organisation: whether there are enough people for its approvals is not asked. */
  findingsForAnybody(definition: WorkflowDefinition): Promise<readonly Finding[]> {
    return this.#worker.findings(definition);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#worker.stop();
  }
}
