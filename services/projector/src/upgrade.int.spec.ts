import { InMemoryEventStore } from '@countersign/event-store';
import { startTestPostgres, type TestDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { approvalStream, requested, sealed, vote } from '../test/approval-events.js';
import { ReadTables } from './read-tables.js';
import { rebuildAndSwap, upgradeReadTables } from './rebuild.js';
import { READ_TABLES_SHAPE, ReadTablesShapeError, shapeIn } from './shape.js';

/** Tables as an earlier version of the product left them: no shape, a column less, a table less. */
const AGED = `
  ALTER TABLE projection_checkpoint DROP COLUMN shape;
  ALTER TABLE approval_requests DROP COLUMN voters;
  DROP TABLE approval_decisions;
`;

describe('read tables of another shape', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let store: InMemoryEventStore;

  beforeEach(async () => {
    database = await startTestPostgres();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    store = new InMemoryEventStore();
    await store.append(approvalStream, 'none', [requested, vote('bob'), vote('carol')].map(sealed));
    const { events } = await store.readAll(undefined, {}, 2);
    const tables = await ReadTables.open(client);
    await tables.apply(events, events.at(-1)?.position ?? '');
  });

  afterEach(async () => {
    await client.end();
    await store.close();
    await database.stop();
  });

  it('are not opened, and rebuilt when they are older', async () => {
    await client.query(AGED);
    await expect(ReadTables.open(client)).rejects.toBeInstanceOf(ReadTablesShapeError);

    expect(await upgradeReadTables(store, client)).toBe(true);
    expect(await shapeIn(client, 'public')).toBe(READ_TABLES_SHAPE);
    const { rows } = await client.query('SELECT voters FROM approval_requests');
    expect(rows).toEqual([{ voters: ['bob', 'carol'] }]);
    const decisions = await client.query('SELECT approver FROM approval_decisions ORDER BY 1');
    expect(decisions.rows).toEqual([{ approver: 'bob' }, { approver: 'carol' }]);

    expect(await upgradeReadTables(store, client)).toBe(false);
    expect((await ReadTables.open(client)).position).toBe('3');
  });

  it('are rebuilt when only their CREATE statements differ', async () => {
    const [number = ''] = READ_TABLES_SHAPE.split(':');
    await client.query('UPDATE projection_checkpoint SET shape = $1', [`${number}:0123456789ab`]);
    expect(await upgradeReadTables(store, client)).toBe(true);
  });

  it('are left alone when a later version has made them', async () => {
    await client.query(`UPDATE projection_checkpoint SET shape = '9999:0123456789ab'`);
    await expect(upgradeReadTables(store, client)).rejects.toMatchObject({ newer: true });
    await expect(ReadTables.open(client)).rejects.toMatchObject({ newer: true });
    expect(await shapeIn(client, 'public')).toBe('9999:0123456789ab');
  });

  it('are rebuilt by one at a time', async () => {
    await client.query(AGED);
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    try {
      await other.query(`SELECT pg_advisory_lock(hashtext('countersign.read-rebuild'))`);
      await expect(rebuildAndSwap(store, client)).rejects.toThrow();
      await other.query('SELECT pg_advisory_unlock_all()');
      expect(await upgradeReadTables(store, client)).toBe(true);
    } finally {
      await other.end();
    }
  });
});
