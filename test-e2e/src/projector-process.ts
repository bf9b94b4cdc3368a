import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { BUS_KEY } from './services-process.js';

const main = fileURLToPath(new URL('../../services/projector/dist/main.js', import.meta.url));

/** The projector in a process of its own, as it runs in production. */
export class ProjectorProcess {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(databaseUrl: string, natsUrl: string) {
    this.#process = spawn(process.execPath, [main], {
      env: {
        PATH: process.env['PATH'],
        LOG_LEVEL: 'error',
        DATABASE_URL: databaseUrl,
        NATS_URL: natsUrl,
        COUNTERSIGN_BUS_KEY: BUS_KEY,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    this.#ended = new Promise((resolve) => this.#process.once('exit', resolve));
  }

  /** SIGSTOP: it stands still, and does not know. */
  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process.kill('SIGCONT');
  }

  /** SIGKILL: the statement under way, if any, goes on in the database without it. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }
}
