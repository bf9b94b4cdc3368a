import { freePort, type RunningNats, startNats } from '@countersign/servers';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A NATS server of a test's own, which the test may stop, wipe and start again on the same port. */
export class TestNats {
  readonly #password = 'for-tests-only';
  #server: RunningNats | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async start(): Promise<TestNats> {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-nats-'));
    const nats = new TestNats(folder, await freePort());
    await nats.up();
    return nats;
  }

  /** With the services' credentials. */
  get url(): string {
    return `nats://countersign:${this.#password}@127.0.0.1:${this.port}`;
  }

  /** As any other program on the machine connects. */
  get anonymousUrl(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** With the credentials of the development subscriber. */
  get subscriberUrl(): string {
    return `nats://subscriber:subscriber@127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    this.#server = await startNats({
      port: this.port,
      storeDir: join(this.folder, 'jetstream'),
      servicesPassword: this.#password,
      exitWithParent: true,
    });
  }

  async down(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  /** Without the time to put anything in order. */
  async kill(): Promise<void> {
    await this.#server?.process.stop([{ signal: 'SIGKILL', graceMs: 5_000 }]);
    this.#server = undefined;
  }

  /** Forgets all streams. Only while it is down. */
  async wipe(): Promise<void> {
    await rm(join(this.folder, 'jetstream'), { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.down();
    await rm(this.folder, { recursive: true, force: true });
  }
}
