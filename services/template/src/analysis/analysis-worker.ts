import { type AppError, unavailable } from '@countersign/kernel';
import type {
  Directory,
  Finding,
  ValidationOptions,
  WorkflowDefinition,
} from '@countersign/state-machine';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { type AnalysisAnswer, type AnalysisQuestion, READY } from './analysis-messages.js';
import { FairQueue } from './fair-queue.js';

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
  /** How long one analysis may run, in milliseconds, once the thread has started. Default: 2,200. */
  readonly deadlineMs?: number;
  /**
   * How long a question may wait for its turn, in milliseconds. Default: 2,400. Together with the deadline less than
   * callers wait for an answer, so that nothing is analysed for somebody who has gone.
   */
  readonly maxWaitMs?: number;
  /** How many questions may wait. Default: 100. */
  readonly maxWaiting?: number;
  /** How many questions of one person may wait or run. Default: 4. */
  readonly maxPerActor?: number;
  /** Memory that the thread may use, in MiB. Default: 512. */
  readonly memoryMb?: number;
  /** What every definition is validated with, beside what is known of its world. */
  readonly validation?: Omit<ValidationOptions, keyof World>;
}

/** What a definition is held against. The directory is compared by identity: the same one is copied to the thread once. */
export type World = Pick<ValidationOptions, 'directory' | 'templates'>;

/** A question, and who asks it. */
interface Job {
  readonly actor: string;
  readonly definition: WorkflowDefinition;
  readonly world: World;
  readonly resolve: (findings: Finding[]) => void;
  readonly reject: (error: AppError) => void;
  /** Ends the waiting. */
  readonly patience: NodeJS.Timeout;
}

/**
 * Analyses definitions off the event loop: one long-lived thread, one question at a time. Those who ask take turns, each
 * with a bounded share, so that nobody is kept out by what others have asked. The thread starts with the first question,
 * and again after it ended for whatever reason.
 */
export class AnalysisWorker {
  readonly #deadlineMs: number;
  readonly #maxWaitMs: number;
  readonly #maxWaiting: number;
  readonly #maxPerActor: number;
  readonly #memoryMb: number;
  readonly #validation: Omit<ValidationOptions, keyof World>;
  readonly #waiting = new FairQueue<Job>();
  #running: { id: number; job: Job; deadline: NodeJS.Timeout | undefined } | undefined;
  #thread: Worker | undefined;
  #ready = false;
  /** The directory that the thread has. */
  #sent: Directory | undefined;
  #lastId = 0;
  #stopped = false;

  constructor(options: AnalysisWorkerOptions = {}) {
    this.#deadlineMs = options.deadlineMs ?? 2_200;
    this.#maxWaitMs = options.maxWaitMs ?? 2_400;
    this.#maxWaiting = options.maxWaiting ?? 100;
    this.#maxPerActor = options.maxPerActor ?? 4;
    this.#memoryMb = options.memoryMb ?? 512;
    this.#validation = options.validation ?? {};
  }

  /**
   * The findings of `validateDefinition`. An analysis that does not end in time is given up, and answers with the
   * one finding `analysis.timed-out`, an error: what was not analysed is not published.
   *
   * @param actor who asks: whose turn it is, and whose share
   * @param definition as `parseDefinition` returns it
   * @throws AppError `unavailable` `analysis.too-many` when that person waits for as many as they may, `analysis.busy` when too
   *   many wait or the turn did not come in time, `analysis.stopped` after `stop`, `analysis.failed` when the thread
   *   ended or could not answer
   */
  findings(actor: string, definition: WorkflowDefinition, world: World = {}): Promise<Finding[]> {
    if (this.#stopped) return Promise.reject(stopped());
    const running = this.#running?.job.actor === actor ? 1 : 0;
    if (this.#waiting.sizeOf(actor) + running >= this.#maxPerActor) {
      const most = `${this.#maxPerActor} definitions of yours are being analysed: wait for one`;
      return Promise.reject(unavailable('analysis.too-many', most));
    }
    if (this.#waiting.size >= this.#maxWaiting) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => {
        this.#waiting.remove(actor, job);
        reject(busy());
      }, this.#maxWaitMs);
      const job: Job = { actor, definition, world, resolve, reject, patience };
      this.#waiting.add(actor, job);
      this.#next();
    });
  }

  /** Ends the thread. Whatever runs or waits is refused with `analysis.stopped`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (let job = this.#settle() ?? this.#take(); job !== undefined; job = this.#take()) {
      job.reject(stopped());
    }
    await this.#end();
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const job = this.#take();
    if (job === undefined) return;
    const id = ++this.#lastId;
    this.#running = { id, job, deadline: undefined };
    try {
      this.#ask(id, job);
      if (this.#ready) this.#limit();
    } catch (cause) {
      // What cannot be copied to another thread is no parsed definition.
      this.#settle()?.reject(failed('the definition cannot be handed over', cause));
      this.#next();
    }
  }

  /** What runs has so long from now on. */
  #limit(): void {
    if (this.#running === undefined) return;
    this.#running.deadline = setTimeout(() => {
      this.#timedOut();
    }, this.#deadlineMs);
  }

  #ask(id: number, { definition, world: { directory, templates } }: Job): void {
    const thread = (this.#thread ??= this.#start());
    const same = directory === this.#sent;
    const question: AnalysisQuestion = {
      id,
      definition,
      options: { ...this.#validation, templates },
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
    this.#ready = false;
    thread.unref();
    thread.on('message', (message: AnalysisAnswer | typeof READY) => {
      if (this.#thread !== thread) return;
      if (message === READY) {
        this.#ready = true;
        this.#limit();
      } else if (this.#running?.id === message.id) this.#answered(message);
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

  #take(): Job | undefined {
    const job = this.#waiting.take();
    clearTimeout(job?.patience);
    return job;
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

const busy = (): AppError => unavailable('analysis.busy', 'too many definitions wait for analysis');

const stopped = (): AppError => unavailable('analysis.stopped', 'the service is stopping');

const failed = (message: string, cause?: unknown): AppError =>
  unavailable('analysis.failed', message, cause === undefined ? {} : { cause });
