import { startTestPostgres, type TestDatabase } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

import { ReadingGateway } from '../../test/reading-gateway.js';
import { workflow } from '../../test/rows.js';

const W = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';

let database: TestDatabase;
let reading: ReadingGateway;
beforeAll(async () => {
  database = await startTestPostgres();
  reading = await ReadingGateway.start(database);
});
afterAll(() => reading.stop());

describe('consistency', () => {
  beforeAll(async () => {
    await reading.db
      .insertInto('workflow_instances')
      .values(workflow({ workflow_id: W, status: 'COMPLETED' }))
      .execute();
  });

  const workflows = (position: string) =>
    reading.get(`/workflows/${W}`, 'alice', { 'countersign-after': position });

  it('waits for the checkpoint, and for a hint', async () => {
    expect((await workflows('')).status).toBe(200);
    const waiting = workflows('5');
    await reading.pool.query(`UPDATE projection_checkpoint SET position = '5'`);
    expect((await waiting).status).toBe(200);
    const hinted = workflows('9');
    setTimeout(() => {
      reading.gateway.fake.hint('no hint');
      reading.gateway.fake.hint('{"position":"9"}');
    }, 20);
    expect((await hinted).status).toBe(200);
  });

  it('looks anew when the database has lost its sessions, as it does in a crash', async () => {
    expect((await workflows('9')).status).toBe(200);
    const ended = new Promise((resolve) => reading.pool.once('remove', resolve));
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query(`UPDATE projection_checkpoint SET position = '8'`);
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      await ended;
      let answered = false;
      const waiting = workflows('9').finally(() => (answered = true));
      await sleep(300);
      expect(answered).toBe(false);
      await client.query(`UPDATE projection_checkpoint SET position = '9'`);
      expect((await waiting).status).toBe(200);
    } finally {
      await client.end();
    }
  });

  it('gives up after five seconds', async () => {
    const { status, body } = await workflows('10');
    expect([status, body.code]).toEqual([503, 'query.behind']);
  });
});
