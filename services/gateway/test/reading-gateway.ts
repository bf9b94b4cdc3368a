import type { ReadModel } from '@countersign/contracts';
import type { Kysely } from 'kysely';
import pg from 'pg';

import { FakePlatform } from './fake-platform.js';
import { createReadTables } from './read-tables.js';
import { type Answer, TestGateway } from './test-gateway.js';

type Item = Readonly<Record<string, unknown>>;

/** A gateway on read tables that the test fills itself. */
export class ReadingGateway {
  private constructor(
    readonly pool: pg.Pool,
    readonly db: Kysely<ReadModel>,
    readonly gateway: TestGateway,
    private readonly stopDatabase: () => Promise<void>,
  ) {}

  /** @param database an empty one, which ends with this. */
  static async start(database: {
    readonly url: string;
    stop(): Promise<void>;
  }): Promise<ReadingGateway> {
    const pool = new pg.Pool({ connectionString: database.url, max: 2 });
    const db = await createReadTables(pool);
    const gateway = await TestGateway.start(new FakePlatform(pool));
    return new ReadingGateway(pool, db, gateway, () => database.stop());
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await this.pool.end();
    await this.stopDatabase();
  }

  get(path: string, as = 'alice', headers: Record<string, string> = {}): Promise<Answer> {
    return this.gateway.ask('GET', `/api/v1${path}`, { as, headers });
  }

  /** The items of a list. */
  async itemsOf(path: string, as?: string): Promise<readonly Item[]> {
    const { status, body } = await this.get(path, as);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body.items as readonly Item[];
  }
}
