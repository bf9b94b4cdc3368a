import { rmSync } from 'node:fs';
import {
  endProcess,
  isRunning,
  ServerError,
  type EndStep,
  type ProcessIdentity,
} from '@countersign/servers';
import { readJson, writeWhole } from './state-folder.js';

/** One process that a launcher started. */
export interface RecordedProcess extends ProcessIdentity {
  /** What it is, such as `services`, `nats` or `postgres`. */
  readonly role: string;
}

const GENTLE_THEN_FIRM: readonly EndStep[] = [
  { signal: 'SIGINT', graceMs: 10_000 },
  { signal: 'SIGKILL', graceMs: 5_000 },
];

/**
 * The file that says which processes belong to a state folder, so that the next start can end
 * them after the launcher was killed. It is written as soon as each exists.
 */
export class RunRecord {
  readonly #file: string;
  #processes: RecordedProcess[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  add(process: RecordedProcess): void {
    this.#processes.push(process);
    writeWhole(this.#file, { processes: this.#processes });
  }

  /** After an orderly stop there is nothing left to end. */
  clear(): void {
    this.#processes = [];
    rmSync(this.#file, { force: true });
  }

  /**
   * Ends what an earlier launcher left running, last started first, and returns when it is gone.
   * A process whose number was handed out again since is not touched.
   *
   * @param unrecorded others that are known to be its own; see `unrecorded`.
   * @returns the roles of those that were ended.
   * @throws ServerError when one does not end.
   */
  async endLeftovers(unrecorded: readonly RecordedProcess[] = []): Promise<string[]> {
    const record = readJson(this.#file) as { processes?: RecordedProcess[] } | undefined;
    const recorded = (record?.processes ?? []).filter(isRunning).reverse();
    const left = [
      ...recorded,
      ...unrecorded.filter(({ pid }) => !recorded.some((known) => known.pid === pid)),
    ];
    for (const process of left) {
      if (!(await endProcess(process, GENTLE_THEN_FIRM))) {
        throw new ServerError(
          `Process ${process.pid} (${process.role}) of an earlier start still runs and cannot be ended.`,
        );
      }
    }
    this.clear();
    return left.map(({ role }) => role);
  }
}
