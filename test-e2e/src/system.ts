import { freePort } from '@countersign/servers';
import { eventually, startTestPostgres, type TestDatabase, TestNats } from '@countersign/testing';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { ApiClient } from './api-client.js';

/** What runs the product without its servers. */
export const host = fileURLToPath(
  new URL('../../infra/local/dist/services-main.js', import.meta.url),
);

/** `pnpm test:kurrentdb` runs the product on the server that KURRENTDB_URL names. */
function eventStore(): Record<string, string> {
  const { TEST_EVENT_STORE, KURRENTDB_URL } = process.env;
  if (TEST_EVENT_STORE !== 'kurrentdb' || KURRENTDB_URL === undefined) return {};
  return { EVENT_STORE: 'kurrentdb', KURRENTDB_URL };
}

/** The key that the services sign with. */
export const BUS_KEY = '5e'.repeat(32);

/** The whole product on real servers of its own, with the services in a process that can be killed. */
export class TestSystem {
  #services: ChildProcess | undefined;
  #output = '';
  readonly #ended = new AbortController();
  readonly #clients = new Map<string, Promise<ApiClient>>();

  private constructor(
    readonly database: TestDatabase,
    readonly nats: TestNats,
    readonly port: number,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** @param startDatabase by default a database on the server that all tests share. */
  static async start(
    env: Readonly<Record<string, string>> = {},
    startDatabase: () => Promise<TestDatabase> = startTestPostgres,
  ): Promise<TestSystem> {
    if (!existsSync(host)) throw new Error('not built yet: run pnpm build, or npm test');
    const [database, nats, port] = await Promise.all([
      startDatabase(),
      TestNats.start(),
      freePort(),
    ]);
    const system = new TestSystem(database, nats, port, env);
    await system.up();
    return system;
  }

  get base(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Fires when the system is stopped for good. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** What the services have written to standard output and error so far. */
  get output(): string {
    return this.#output;
  }

  /** Starts the services and waits until they are ready. */
  async up(): Promise<void> {
    const services = spawn(process.execPath, [host], {
      env: {
        PATH: process.env['PATH'],
        LOG_LEVEL: 'warn',
        ...eventStore(),
        ...this.env,
        PORT: String(this.port),
        NATS_URL: this.nats.url,
        DATABASE_URL: this.database.url,
        COUNTERSIGN_BUS_KEY: BUS_KEY,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer) => (this.#output += chunk.toString());
    services.stdout.on('data', keep);
    services.stderr.on('data', keep);
    this.#services = services;
    await eventually(
      async () => {
        if (services.exitCode !== null) throw new Error(`services ended: ${this.#output}`);
        return (await fetch(`${this.base}/health/ready`)).ok;
      },
      // A KurrentDB may hold the events of many earlier runs, which are projected first.
      { within: process.env['TEST_EVENT_STORE'] ? 300_000 : 90_000 },
    );
  }

  /** SIGKILL: nothing is flushed, nobody says goodbye. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Signs in once for each user. */
  as(user: string): Promise<ApiClient> {
    const known = this.#clients.get(user) ?? ApiClient.signIn(this.base, user);
    this.#clients.set(user, known);
    return known;
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#end('SIGTERM');
    await this.nats.stop();
    await this.database.stop();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const services = this.#services;
    if (!services || services.exitCode !== null || services.signalCode !== null) return;
    const ended = new Promise((resolve) => services.once('exit', resolve));
    services.kill(signal);
    await ended;
  }
}
