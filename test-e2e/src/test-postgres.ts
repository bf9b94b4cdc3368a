import { startPostgres } from '@countersign/servers';
import { startOwnPostgres, type TestDatabase } from '@countersign/testing';

type Server = Awaited<ReturnType<typeof startPostgres>>;

/** A Postgres server of a test's own, which the test may kill and start again on the same port. */
export class TestPostgres implements TestDatabase {
  #running: Server;

  private constructor(private readonly first: Awaited<ReturnType<typeof startOwnPostgres>>) {
    this.#running = first;
  }

  static async start(): Promise<TestPostgres> {
    return new TestPostgres(await startOwnPostgres());
  }

  get url(): string {
    return this.first.url;
  }

  /** SIGKILL of the whole server: what it had not flushed is lost, and it has to recover. */
  async kill(): Promise<void> {
    process.kill(this.#running.pid, 'SIGKILL');
    await this.#running.process.exited;
  }

  /** Starts it again after a kill. */
  async up(): Promise<void> {
    const { dataDir, port } = this.first;
    this.#running = await startPostgres({ dataDir, port, exitWithParent: true });
  }

  async stop(): Promise<void> {
    await this.#running.stop();
    await this.first.stop();
  }
}
