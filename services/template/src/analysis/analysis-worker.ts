import { type AppError, unavailable } from '@countersign/kernel';
import type {
  Directory,
  Finding,
  ValidationOptions,
  WorkflowDefinition,
} from '@countersign/state-machine';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import type { AnalysisAnswer, AnalysisQuestion } from './analysis-messages.js';

/**
 * The compiled thread, also when this file itself runs as TypeScript (in tests): Node starts threads from
 * JavaScript only, so that tests of it need a build.
 */
const THREAD = fileURLToPath(
  import.meta.url.endsWith('.ts')
    ? new URL('../../dist/analysis/analysis-thread.js', import.meta.url)
    : new URL('./analysis-thread.js', import.meta.url),
);

export interface AnalysisWorkerOptions {
  /** How long one analysis may run, in milliseconds. Default: 10,000. */
  readonly deadlineMs?: number;
  /** How many questions may wait. Default: 100. */
  readonly maxWaiting?: number;
  /** Memory that the thread may use, in MiB. Default: 512. */
  readonly memoryMb?: number;
  /** What every definition is validated with, beside the directory. */
  readonly validation?: Omit<ValidationOptions, 'directory'>;
}

interface Job {
  readonly definition: WorkflowDefinition;
  readonly directory: Directory | undefined;
  readonly resolve: (findings: Finding[]) => void;
  readonly reject: (error: AppError) => void;
}

/**
 * Analyses definitions off the event loop: one long-lived thread, one question at a time, in their order. The thread
 * starts with the first question, and again after it ended for whatever reason.
 */
export class AnalysisWorker {
  readonly #deadlineMs: number;
  readonly #maxWaiting: number;
  readonly #memoryMb: number;
  readonly #validation: Omit<ValidationOptions, 'directory'>;
  readonly #waiting: Job[] = [];
  #running: { id: number; job: Job; deadline: NodeJS.Timeout } | undefined;
  #thread: Worker | undefined;
  /** The directory that the thread has. */
  #sent: Directory | undefined;
  #lastId = 0;
  #stopped = false;

  constructor(options: AnalysisWorkerOptions = {}) {
    this.#deadlineMs = options.deadlineMs ?? 10_000;
    this.#maxWaiting = options.maxWaiting ?? 100;
    this.#memoryMb = options.memoryMb ?? 512;
    this.#validation = options.validation ?? {};
  }

  /**
   * The findings of `validateDefinition`. An analysis that does not end in time is given up, and answers with the
   * one finding `analysis.timed-out`, an error: what was not analysed is not published.
   *
   * @param definition as `parseDefinition` returns it
   * @param directory compared by identity: the same object is copied to the thread once
   * @throws AppError `unavailable` `analysis.busy` when too many wait, `analysis.stopped` after `stop`,
   *   `analysis.failed` when the thread ended or could not answer
   */
  findings(definition: WorkflowDefinition, directory?: Directory): Promise<Finding[]> {
    if (this.#stopped) return Promise.reject(stopped());
    if (this.#waiting.length >= this.#maxWaiting) {
      return Promise.reject(unavailable('analysis.busy', 'too many definitions wait for analysis'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ definition, directory, resolve, reject });
      this.#next();
    });
  }

  /** Ends the thread. Whatever runs or waits is refused with `analysis.stopped`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const running = this.#settle();
    for (const job of [...(running ? [running] : []), ...this.#waiting.splice(0)]) {
      job.reject(stopped());
    }
    await this.#end();
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    const id = ++this.#lastId;
    const deadline = setTimeout(() => {
      this.#timedOut();
    }, this.#deadlineMs);
    this.#running = { id, job, deadline };
    try {
      this.#ask(id, job);
    } catch (cause) {
      // What cannot be copied to another thread is no parsed definition.
      this.#settle()?.reject(failed('the definition cannot be handed over', cause));
      this.#next();
    }
  }

  #ask(id: number, { definition, directory }: Job): void {
    const thread = (this.#thread ??= this.#start());
    const same = directory === this.#sent;
    const question: AnalysisQuestion = {
      id,
      definition,
      options: this.#validation,
      directory: same ? 'as-before' : (directory ?? 'none'),
    };
    thread.postMessage(question);
    this.#sent = directory;
  }

  #start(): Worker {
    const thread = new Worker(THREAD, {
      // The flags of the process, such as those for its tests, are not for the thread.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: this.#memoryMb },
    });
    this.#sent = undefined;
    thread.unref();
    thread.on('message', (answer: AnalysisAnswer) => {
      if (this.#thread === thread && this.#running?.id === answer.id) this.#answered(answer);
    });
    let fault: unknown;
    thread.on('error', (error) => {
      fault = error;
    });
    thread.on('exit', () => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      this.#settle()?.reject(failed('the analysis thread ended', fault));
      this.#next();
    });
    return thread;
  }

  #answered(answer: AnalysisAnswer): void {
    const job = this.#settle();
    if ('findings' in answer) job?.resolve(answer.findings);
    else job?.reject(failed(answer.error));
    this.#next();
  }

  #timedOut(): void {
    const seconds = this.#deadlineMs / 1_000;
    const message = `the analysis did not end within ${seconds} seconds: a smaller definition may`;
    void this.#end();
    this.#settle()?.resolve([{ code: 'analysis.timed-out', severity: 'error', path: '', message }]);
    this.#next();
  }

  /** Takes the running job off, if there is one. */
  #settle(): Job | undefined {
    const running = this.#running;
    this.#running = undefined;
    clearTimeout(running?.deadline);
    return running?.job;
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }
}

const stopped = (): AppError => unavailable('analysis.stopped', 'the service is stopping');

const failed = (message: string, cause?: unknown): AppError =>
  unavailable('analysis.failed', message, cause === undefined ? {} : { cause });
