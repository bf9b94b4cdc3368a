import { startTestPostgres } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ReadingGateway } from '../../test/reading-gateway.js';
import { workflow } from '../../test/rows.js';

const W = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';

let reading: ReadingGateway;
beforeAll(async () => {
  reading = await ReadingGateway.start(await startTestPostgres());
});
afterAll(() => reading.stop());

describe('consistency', () => {
  beforeAll(async () => {
    await reading.db
      .insertInto('workflow_instances')
      .values(workflow({ workflow_id: W, status: 'PAUSED' }))
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

  it('gives up after five seconds', async () => {
    const { status, body } = await workflows('10');
    expect([status, body.code]).toEqual([503, 'query.behind']);
  });
});
