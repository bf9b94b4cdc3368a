import type { ApprovalEvent } from '@countersign/contracts';
import { type FeedPage, InMemoryEventStore } from '@countersign/event-store';
import { startTestPostgres, type TestDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';

import { approvalStream as stream, requested, sealed, vote } from '../test/approval-events.js';
import { approvalHistory } from '../test/approval-histories.js';
import { CheckpointMovedError, ReadTables } from './read-tables.js';
import { buildBeside, rebuildAndSwap } from './rebuild.js';

describe('rebuildAndSwap', () => {
  let database: TestDatabase;
  let client: pg.Client;
  /** The projector's own session. */
  let projecting: pg.Client;
  let store: Interrupted;
  let live: ReadTables;

  beforeEach(async () => {
    database = await startTestPostgres();
    client = new pg.Client({ connectionString: database.url });
    projecting = new pg.Client({ connectionString: database.url });
    await Promise.all([client.connect(), projecting.connect()]);
    store = new Interrupted();
    live = await ReadTables.open(projecting);
  });

  afterEach(async () => {
    await Promise.all([client.end(), projecting.end()]);
    await store.close();
    await database.stop();
  });

  const append = (from: number, ...events: ApprovalEvent[]) =>
    store.append(stream, from === 0 ? 'none' : from - 1, events.map(sealed));

  /** Projects what follows the checkpoint: everything, or so many events. */
  const project = async (tables: ReadTables, count = 1_000) => {
    const { events } = await store.readAll(tables.position, {}, count);
    await tables.apply(events, events.at(-1)?.position ?? '');
  };

  const rowIn = async (schema: string) => {
    const { rows } = await client.query<{ row: object }>(
      `SELECT to_jsonb(t) AS row FROM ${schema}.approval_requests t`,
    );
    return rows.map(({ row }) => row);
  };

  const expectRight = async () => {
    await client.query('DROP SCHEMA IF EXISTS from_zero CASCADE');
    await buildBeside(store, client, 'from_zero');
    expect(await rowIn('public')).toEqual(await rowIn('from_zero'));
  };

  it.each([1, 2, 3])(
    'finds the rows of a history that was followed step by step (%s)',
    async (seed) => {
      const [history = []] = fc.sample(approvalHistory, { seed, numRuns: 1 });
      await append(0, ...history);
      while (live.position !== String(history.length)) {
        await project(live, 1 + (seed % 3));
        await live.reload();
      }
      await buildBeside(store, client, 'from_zero');
      for (const table of [
        'approval_requests',
        'approval_decisions',
        'approval_log',
        'incidents',
      ]) {
        const rows = async (schema: string) => {
          const text = `SELECT to_jsonb(t) AS row FROM ${schema}.${table} t ORDER BY to_jsonb(t)`;
          return (await client.query<{ row: object }>(text)).rows;
        };
        expect(await rows('public')).toEqual(await rows('from_zero'));
      }
    },
  );

  it('replaces wrong rows', async () => {
    await append(0, requested, vote('bob'));
    await project(live);
    await client.query(`UPDATE approval_requests SET voters = '{nobody}'`);
    await rebuildAndSwap(store, client);
    await expectRight();
  });

  it('does not go back when the projector is behind what was rebuilt', async () => {
    await append(0, requested, vote('bob'), vote('carol'));
    await project(live, 2);
    store.interrupt = async () => {
      await append(3, vote('dave'));
    };
    await rebuildAndSwap(store, client);
    const successor = await ReadTables.open(projecting);
    expect(successor.position).toBe('3');
    await project(successor);
    await expectRight();
  });

  it('takes in what was projected while it was rebuilding', async () => {
    await append(0, requested, vote('bob'));
    await project(live);
    store.interrupt = async () => {
      await append(2, vote('carol'));
      await project(live);
      await append(3, vote('dave'));
    };
    await rebuildAndSwap(store, client);
    const successor = await ReadTables.open(projecting);
    expect(successor.position).toBe('3');
    await project(successor);
    await expectRight();
  });

  it('makes the projector forget what it remembers of the old tables', async () => {
    await append(0, requested, vote('bob'));
    await project(live);
    await client.query(`UPDATE approval_requests SET voters = '{nobody}'`);
    await live.reload();
    await append(2, vote('carol'));
    await project(live);
    await rebuildAndSwap(store, client);
    await append(3, vote('dave'));
    await expect(project(live)).rejects.toBeInstanceOf(CheckpointMovedError);
    await live.reload();
    await project(live);
    await expectRight();
  });
});

/** A store in which something happens right after the next page was read. */
class Interrupted extends InMemoryEventStore {
  interrupt: (() => Promise<void>) | undefined;

  override async readAll(...args: Parameters<InMemoryEventStore['readAll']>): Promise<FeedPage> {
    const page = await super.readAll(...args);
    const { interrupt } = this;
    this.interrupt = undefined;
    await interrupt?.();
    return page;
  }
}
