import { eventually } from '@countersign/testing';
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What runs the product without its servers. */
export const host = fileURLToPath(
  new URL('../../infra/local/dist/services-main.js', import.meta.url),
);

/** The key that the services sign with. */
export const BUS_KEY = '5e'.repeat(32);

/** `pnpm test:kurrentdb` runs the product on the server that KURRENTDB_URL names. */
export const kurrentDbUrl =
  process.env['TEST_EVENT_STORE'] === 'kurrentdb' ? process.env['KURRENTDB_URL'] : undefined;

export interface ServicesOptions {
  /** Name of its sessions on the database server. */
  readonly name: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A process with all services of the product, which can be frozen and killed. */
export class ServicesProcess {
  #process: ChildProcess | undefined;
  #output = '';

  constructor(private readonly options: ServicesOptions) {}

  get name(): string {
    return this.options.name;
  }

  get base(): string {
    return `http://127.0.0.1:${this.options.port}`;
  }

  /** What it has written to standard output and error so far. */
  get output(): string {
    return this.#output;
  }

  /** Starts it and waits until it is ready. */
  async up(): Promise<void> {
    const { name, port, databaseUrl, natsUrl, env } = this.options;
    const database = new URL(databaseUrl);
    database.searchParams.set('application_name', name);
    const services = spawn(process.execPath, [host], {
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        LOG_LEVEL: 'warn',
        ...(kurrentDbUrl === undefined
          ? {}
          : { EVENT_STORE: 'kurrentdb', KURRENTDB_URL: kurrentDbUrl }),
        ...env,
        PORT: String(port),
        NATS_URL: natsUrl,
        DATABASE_URL: database.href,
        COUNTERSIGN_BUS_KEY: BUS_KEY,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer) => (this.#output += chunk.toString());
    services.stdout.on('data', keep);
    services.stderr.on('data', keep);
    this.#process = services;
    await eventually(
      async () => {
        if (services.exitCode !== null) throw new Error(`services ended: ${this.#output}`);
        return (await fetch(`${this.base}/health/ready`)).ok;
      },
      // A KurrentDB may hold the events of many earlier runs, which are projected first.
      { within: kurrentDbUrl === undefined ? 90_000 : 300_000 },
    );
  }

  /** SIGSTOP: it stands still, and does not know. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  /** SIGCONT: it goes on. */
  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** SIGKILL: nothing is flushed, nobody says goodbye. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const services = this.#process;
    if (!services || services.exitCode !== null || services.signalCode !== null) return;
    const ended = new Promise((resolve) => services.once('exit', resolve));
    services.kill(signal);
    await ended;
  }
}
