import { documentOf } from '@countersign/contracts';
import { DirectoryReader } from '@countersign/service-kit';
import type { Finding, WorkflowDefinition } from '@countersign/state-machine';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { AnalysisWorker } from '../analysis/analysis-worker.js';
import { templatesInvokedBy } from './invoked-templates.js';
import { Templates } from './templates.js';

/** What is wrong or doubtful about definitions, with the organisation's people and templates as they are today. */
@Injectable()
export class TemplateAnalysis implements OnApplicationShutdown {
  readonly #worker = new AnalysisWorker();

  constructor(
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
    @Inject(Templates) private readonly templates: Templates,
  ) {}

  /**
   * @param actor id of whoever asks
   * @throws AppError what `AnalysisWorker.findings` throws.
   */
  async findings(actor: string, definition: WorkflowDefinition): Promise<readonly Finding[]> {
    const [{ isEmpty }, templates] = await Promise.all([
      this.directory.load(),
      templatesInvokedBy(definition, (name) => this.templates.load(Templates.streamOf(name))),
    ]);
    const directory = isEmpty ? undefined : documentOf(this.directory.state);
    return this.#worker.findings(actor, definition, { directory, templates });
  }

  /** The same for any organisation: neither its people nor its templates are asked about. */
  findingsForAnybody(actor: string, definition: WorkflowDefinition): Promise<readonly Finding[]> {
    return this.#worker.findings(actor, definition);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#worker.stop();
  }
}
