import { ServerError, type EndStep, type ServerProcess } from '@countersign/servers';
import { tellingLine } from './log-lines.js';
import type { RunRecord } from './run-record.js';

interface Child {
  readonly role: string;
  readonly server: ServerProcess;
  readonly stop: readonly EndStep[];
  /** The signal for somebody who does not want to wait. */
  readonly hurry: NodeJS.Signals;
}

/** How each kind of child is asked to end: what may be cut short differs. */
const STOPPING = {
  services: {
    stop: [
      { signal: 'SIGTERM', graceMs: 15_000 },
      { signal: 'SIGKILL', graceMs: 2_000 },
    ],
    hurry: 'SIGKILL',
  },
  nats: {
    stop: [
      { signal: 'SIGINT', graceMs: 10_000 },
      { signal: 'SIGKILL', graceMs: 2_000 },
    ],
    hurry: 'SIGKILL',
  },
  // SIGINT ends sessions and shuts down cleanly, SIGQUIT leaves the cleaning up to the next start.
  postgres: {
    stop: [
      { signal: 'SIGINT', graceMs: 10_000 },
      { signal: 'SIGQUIT', graceMs: 5_000 },
      { signal: 'SIGKILL', graceMs: 2_000 },
    ],
    hurry: 'SIGQUIT',
  },
} as const satisfies Record<string, Pick<Child, 'stop' | 'hurry'>>;

/** The order of stopping: nothing goes before what still uses it. */
const STOP_ORDER = ['services', 'nats', 'postgres'] as const;

export type ChildKind = keyof typeof STOPPING;

/**
 * Owns the child processes of one local system: records them, notices when one dies, and stops
 * them in the right order.
 */
export class Supervisor {
  readonly #record: RunRecord;
  readonly #children = new Map<ChildKind, Child[]>();
  readonly #reportDeath: (error: ServerError) => void;
  #stopping = false;
  #hurrying = false;
  #starting: Promise<unknown> = Promise.resolve();

  /** Rejects when a child ends that nobody told to. Never resolves. */
  readonly death: Promise<never>;

  constructor(record: RunRecord) {
    this.#record = record;
    const { promise, reject } = Promise.withResolvers<never>();
    this.death = promise;
    this.#reportDeath = reject;
    // Whoever runs the system waits on it; before that, a death shows in the failing start.
    promise.catch(() => undefined);
  }

  /** Has `stop` wait for a start that is still under way and may yet hand over processes. */
  follow(starting: Promise<unknown>): void {
    this.#starting = starting.catch(() => undefined);
  }

  /** Takes a process over right after it was started. After `stop` it is ended at once. */
  adopt(kind: ChildKind, role: string, server: ServerProcess): void {
    this.#record.add({ role, ...server.identity });
    const child = { role, server, ...STOPPING[kind] };
    this.#children.set(kind, [...(this.#children.get(kind) ?? []), child]);
    void server.exited.then(({ code, signal }) => {
      if (this.#stopping) return;
      // Who was killed had no chance to say why; what stands last in the log is something else.
      const how =
        signal === null
          ? `with exit code ${code ?? '?'}: ${tellingLine(server.output())}`
          : `by ${signal}`;
      this.#reportDeath(
        new ServerError(`${server.name} ended unexpectedly ${how} (log: ${server.logFile})`),
      );
    });
    if (this.#stopping) void server.stop(child.stop);
  }

  /**
   * Stops all children, services first, and returns when all are gone.
   *
   * @throws ServerError when one does not end, after the others were stopped all the same.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    const failures = await this.#stopChildren();
    // It ends by itself now that its servers are gone; what it started meanwhile is ended as well.
    await this.#starting;
    failures.push(...(await this.#stopChildren()));
    // Left in the record, a process that did not end is the next start's to end.
    if (failures.length > 0) throw failures[0];
    this.#record.clear();
  }

  /** Cuts a stop short. What is durable stays so; the next start has more to recover. */
  hurry(): void {
    this.#hurrying = true;
    for (const { server, hurry } of [...this.#children.values()].flat()) {
      if (!server.hasExited()) process.kill(server.pid, hurry);
    }
  }
  async #stopChildren(): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (const kind of STOP_ORDER) {
      if (this.#hurrying) this.hurry();
      const children = this.#children.get(kind) ?? [];
      const results = await Promise.allSettled(
        children.map(({ server, stop }) => server.stop(stop)),
      );
      for (const result of results) if (result.status === 'rejected') failures.push(result.reason);
    }
    return failures;
  }
}
