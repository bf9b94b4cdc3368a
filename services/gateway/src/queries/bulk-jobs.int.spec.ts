import type { ReadModel } from '@countersign/contracts';
import { derivedId } from '@countersign/kernel';
import { startTestPostgres } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Insertable } from 'kysely';

import { ReadingGateway } from '../../test/reading-gateway.js';
import { HASH, NOW } from '../../test/rows.js';
import { ReadView } from './read-view.js';

const JOB = derivedId('a job');
const OTHER = derivedId('another job');
const RESULTS = ['done', 'refused', 'pending', 'done', 'done'];
const ITEMS = RESULTS.map((result, n) => ({ workflow_id: derivedId('item', n), result }));

const job = (
  row: Partial<Insertable<ReadModel['bulk_jobs']>>,
): Insertable<ReadModel['bulk_jobs']> => ({
  job_id: JOB,
  action: 'cancel',
  query: { template: 'demo' },
  reason: 'the desk has closed',
  requested_by: 'alice',
  status: 'RUNNING',
  count: 5,
  done: 3,
  skipped: 0,
  refused: 1,
  items_hash: HASH,
  migration: null,
  approval_id: null,
  approvers: [],
  ended_reason: null,
  revision: 3,
  created_at: NOW,
  updated_at: NOW,
  ended_at: null,
  ...row,
});

let reading: ReadingGateway;
beforeAll(async () => {
  reading = await ReadingGateway.start(await startTestPostgres());
  const other = { job_id: OTHER, requested_by: 'bob', status: 'STOPPED', ended_at: NOW };
  await reading.db
    .insertInto('bulk_jobs')
    .values([job({}), job(other)])
    .execute();
  const item = { code: null, message: null, processed_at: null };
  await reading.db
    .insertInto('bulk_job_items')
    .values([
      ...ITEMS.map((each) => ({ job_id: JOB, ...item, ...each })),
      { job_id: OTHER, workflow_id: derivedId('item', 9), result: 'done', ...item },
    ])
    .execute();
});
afterAll(() => reading.stop());

describe('bulk jobs', () => {
  it('are listed by status and by who has asked for them', async () => {
    const idsOf = async (filter: string, as?: string) =>
      (await reading.itemsOf(`/bulk-jobs${filter}`, as)).map(({ jobId }) => jobId);
    expect((await idsOf('')).sort()).toEqual([JOB, OTHER].sort());
    expect(await idsOf('?status=stopped')).toEqual([OTHER]);
    expect(await idsOf('?requestedBy=me', 'bob')).toEqual([OTHER]);
    expect(await idsOf('?requestedBy=alice', 'bob')).toEqual([JOB]);
  });

  it('say who, why, and how far they are', async () => {
    const { status, body } = await reading.get(`/bulk-jobs/${JOB.toUpperCase()}`);
    expect([status, body]).toMatchObject([
      200,
      {
        jobId: JOB,
        requestedBy: 'alice',
        reason: 'the desk has closed',
        status: 'RUNNING',
        count: 5,
        results: { done: 3, skipped: 0, refused: 1, pending: 1 },
      },
    ]);
    const { body: unknown } = await reading.get(`/bulk-jobs/${derivedId('nothing')}/items`);
    expect(unknown).toMatchObject({ code: 'bulk-job.not-found' });
  });

  it('tell what became of each item, page by page, without leaving out or repeating any', async () => {
    const seen: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await reading.get(`/bulk-jobs/${JOB}/items?limit=2&cursor=${cursor}`);
      seen.push(...(body.items as { workflowId: string }[]).map(({ workflowId }) => workflowId));
      cursor = body.nextCursor as string | null;
    }
    expect(seen).toEqual(ITEMS.map(({ workflow_id }) => workflow_id).sort());
    expect(await reading.itemsOf(`/bulk-jobs/${JOB}/items?result=refused`)).toMatchObject([
      { workflowId: ITEMS[1]?.workflow_id, result: 'refused' },
    ]);
    const { status, body } = await reading.get(`/bulk-jobs/${JOB}/items?cursor=elsewhere`);
    expect([status, body.code]).toEqual([400, 'query.bad-cursor']);
  });

  it('are shown to those who asked for them, unless somebody may see everything', async () => {
    const bob = { id: 'bob', roles: [], groups: [], authMethod: 'test' };
    const countOf = async (visibility: 'everything' | readonly string[]) => {
      const view = new ReadView(bob, visibility, reading.db, reading.pool);
      const jobs = await view.bulkJobs().selectAll().execute();
      return [jobs.length, (await view.bulkJobItems().selectAll().execute()).length];
    };
    expect(await countOf('everything')).toEqual([2, 6]);
    expect(await countOf(['rates'])).toEqual([1, 1]);
  });
});
