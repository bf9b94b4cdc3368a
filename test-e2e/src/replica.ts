import { freePort } from '@countersign/servers';
import { eventually } from '@countersign/testing';
import { type ChildProcess, spawn } from 'node:child_process';

import { BUS_KEY, host, type TestSystem } from './system.js';

/** One more process with all services, on the servers of a system. */
export class Replica {
  #process: ChildProcess | undefined;

  private constructor(
    private readonly system: TestSystem,
    private readonly port: number,
  ) {}

  static async start(system: TestSystem): Promise<Replica> {
    const replica = new Replica(system, await freePort());
    await replica.up();
    return replica;
  }

  async up(): Promise<void> {
    const process_ = spawn(process.execPath, [host], {
      env: {
        PATH: process.env['PATH'],
        LOG_LEVEL: 'error',
        PORT: String(this.port),
        NATS_URL: this.system.nats.url,
        DATABASE_URL: this.system.database.url,
        COUNTERSIGN_BUS_KEY: BUS_KEY,
      },
      stdio: 'ignore',
    });
    this.#process = process_;
    await eventually(async () => (await fetch(`http://127.0.0.1:${this.port}/health/ready`)).ok, {
      within: 60_000,
    });
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const process_ = this.#process;
    if (!process_ || process_.exitCode !== null || process_.signalCode !== null) return;
    const ended = new Promise((resolve) => process_.once('exit', resolve));
    process_.kill('SIGKILL');
    await ended;
  }
}
