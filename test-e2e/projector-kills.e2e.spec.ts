import { PostgresEventStore } from '@countersign/event-store';
import { eventually, startTestPostgres, type TestDatabase, TestNats } from '@countersign/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

import { appendBacklog, EVENTS_PER_DEAL } from './src/backlog.js';
import { ProjectorProcess } from './src/projector-process.js';
import { checkpointOf, projected, tablesAndRebuild } from './src/read-tables.js';

const DEALS = 1_200;

describe('SIGKILL of the projector while it catches up', () => {
  let database: TestDatabase;
  let nats: TestNats;
  let store: PostgresEventStore;
  let client: pg.Client;
  const projectors: ProjectorProcess[] = [];

  beforeAll(async () => {
    [database, nats] = await Promise.all([startTestPostgres(), TestNats.start()]);
    store = await PostgresEventStore.open({ url: database.url });
    await appendBacklog(store, DEALS);
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  }, 120_000);

  beforeEach(async () => {
    // The read tables are all that is in there.
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  });

  afterEach(async () => {
    await Promise.all(projectors.splice(0).map((projector) => projector.kill()));
  });

  afterAll(async () => {
    await client.end();
    await store.close();
    await nats.stop();
    await database.stop();
  }, 120_000);

  const start = (): ProjectorProcess => {
    const projector = new ProjectorProcess(database.url, nats.url);
    projectors.push(projector);
    return projector;
  };

  /** The checkpoint as a number, 0 before there is one. */
  const reached = async (): Promise<number> => Number(await checkpointOf(client).catch(() => 0));

  /** The projectors' sessions in the database, and whether they wait for a lock. */
  const sessions = async () => {
    const { rows } = await client.query<{ waits: boolean }>(
      `SELECT wait_event_type IS NOT DISTINCT FROM 'Lock' AS waits FROM pg_stat_activity
       WHERE application_name = 'countersign projector' AND datname = current_database()`,
    );
    return rows;
  };

  it('leaves tables that equal a rebuild from zero', async () => {
    const head = Number(await store.head());
    expect(head).toBeGreaterThanOrEqual(DEALS * EVENTS_PER_DEAL);
    const killedAt: number[] = [];
    while (killedAt.length < 5) {
      const before = await reached();
      const projector = start();
      const moved = await eventually(
        async () => {
          const now = await reached();
          return now > before && now;
        },
        { within: 60_000, every: 2 },
      );
      if (moved >= head) break;
      await sleep(Math.random() * 40);
      await projector.kill();
      killedAt.push(await reached());
    }
    expect(killedAt.filter((position) => position < head).length).toBeGreaterThanOrEqual(3);
    start();
    await projected({ database }, 60_000);
    const { inUse, rebuilt } = await tablesAndRebuild({ database });
    expect(inUse).toEqual(rebuilt);
  }, 120_000);

  it('bears with a killed one whose last batch is committed after its successor has begun', async () => {
    const killed = start();
    const successor = start();
    await projected({ database }, 60_000);
    await eventually(async () => (await sessions()).length === 2, { within: 60_000 });
    await sleep(700);
    successor.freeze();
    const blocker = new pg.Client({ connectionString: database.url });
    await blocker.connect();
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE public.workflow_transitions IN SHARE MODE');
    const waiting = async () => (await sessions()).filter(({ waits }) => waits).length;
    await appendBacklog(store, 100, DEALS);
    await eventually(async () => (await waiting()) === 1);
    await killed.kill();
    successor.thaw();
    await eventually(async () => (await waiting()) === 2);
    await blocker.query('ROLLBACK');
    await blocker.end();
    await projected({ database });
    await appendBacklog(store, 100, DEALS + 100);
    const { inUse, rebuilt } = await tablesAndRebuild({ database });
    expect(inUse).toEqual(rebuilt);
  }, 120_000);
});
