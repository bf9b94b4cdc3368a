import { freePort } from '@countersign/servers';
import { startTestPostgres, type TestDatabase, TestNats } from '@countersign/testing';
import { existsSync } from 'node:fs';

import { ApiClient } from './api-client.js';
import { host, ServicesProcess } from './services-process.js';

/** The whole product on real servers of its own, with the services in a process that can be killed. */
export class TestSystem {
  readonly #ended = new AbortController();
  readonly #clients = new Map<string, Promise<ApiClient>>();

  private constructor(
    readonly database: TestDatabase,
    readonly nats: TestNats,
    readonly services: ServicesProcess,
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
    const options = { name: 'services', databaseUrl: database.url, natsUrl: nats.url };
    const system = new TestSystem(database, nats, new ServicesProcess({ ...options, port, env }));
    await system.up();
    return system;
  }

  get base(): string {
    return this.services.base;
  }

  /** Fires when the system is stopped for good. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** What the services have written to standard output and error so far. */
  get output(): string {
    return this.services.output;
  }

  /** Starts the services and waits until they are ready. */
  up(): Promise<void> {
    return this.services.up();
  }

  /** SIGKILL of the services. */
  kill(): Promise<void> {
    return this.services.kill();
  }

  /** One more process with all services, on the same servers. */
  async startReplica(): Promise<ServicesProcess> {
    const replica = new ServicesProcess({
      name: 'replica',
      port: await freePort(),
      databaseUrl: this.database.url,
      natsUrl: this.nats.url,
    });
    await replica.up();
    return replica;
  }

  /** Signs in once for each user. */
  as(user: string): Promise<ApiClient> {
    const known = this.#clients.get(user) ?? ApiClient.signIn(this.base, user);
    this.#clients.set(user, known);
    return known;
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.services.stop();
    await this.nats.stop();
    await this.database.stop();
  }
}
