import type { ReadModel } from '@countersign/contracts';
import { derivedId, newId } from '@countersign/kernel';
import { startTestPostgres } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Insertable } from 'kysely';

import { ReadingGateway } from '../../test/reading-gateway.js';
import { NOW } from '../../test/rows.js';

const approvalId = derivedId('approval');
const ids = [1, 2, 3, 4].map((n) => derivedId('job', String(n)));
const [first, second, third, others] = ids as [string, string, string, string];

const job = (
  job_id: string,
  more: Partial<Insertable<ReadModel['decision_jobs']>> = {},
): Insertable<ReadModel['decision_jobs']> => ({
  job_id,
  requester: 'bob',
  action: 'approve',
  reason: 'fine',
  on_behalf_of: null,
  status: 'RUNNING',
  count: 3,
  decided: 1,
  refused: 1,
  revision: 1,
  created_at: NOW,
  updated_at: NOW,
  ended_at: null,
  ...more,
});

let reading: ReadingGateway;
beforeAll(async () => {
  reading = await ReadingGateway.start(await startTestPostgres());
  const later = new Date(NOW.getTime() + 1);
  await reading.db
    .insertInto('decision_jobs')
    .values([
      job(first),
      job(second, { created_at: later, status: 'COMPLETED', ended_at: later }),
      job(third, { created_at: later, action: 'reject' }),
      job(others, { requester: 'erin' }),
    ])
    .execute();
  const pending = { code: null, message: null, processed_at: null };
  const refusal = { code: 'approval.not-open', message: 'late', processed_at: NOW };
  await reading.db
    .insertInto('decision_job_items')
    .values([
      { job_id: first, approval_id: approvalId, result: 'refused', ...refusal },
      { job_id: second, approval_id: approvalId, result: 'pending', ...pending },
    ])
    .execute();
});
afterAll(() => reading.stop());

describe('jobs of many decisions', () => {
  const path = '/approvals/bulk-decisions';
  const listed = async (query: string, as: string) =>
    (await reading.itemsOf(`${path}${query}`, as)).map(({ jobId }) => jobId);

  it('say what became of each', async () => {
    const { body } = await reading.get(`${path}/${first}`);
    expect(body).toMatchObject({
      jobId: first,
      status: 'RUNNING',
      results: { decided: 1, refused: 1, pending: 1 },
      items: [{ approvalId, result: 'refused', code: 'approval.not-open' }],
    });
    const unknown = await reading.get(`${path}/${newId()}`);
    expect(unknown.body.code).toBe('decision-job.not-found');
  });

  it('are listed for whoever asked for them and nobody else, newest first', async () => {
    const newest = [second, third].sort().reverse();
    expect(await listed('', 'bob')).toEqual([...newest, first]);
    expect(await listed('', 'erin')).toEqual([others]);
    // An administrator sees each by its id, and lists their own.
    expect(await listed('', 'alice')).toEqual([]);
    const { body } = await reading.get(`${path}?status=completed`, 'bob');
    expect(body.items).toEqual([
      expect.objectContaining({ jobId: second, results: { decided: 1, refused: 1, pending: 1 } }),
    ]);
  });

  it('are listed page by page, each once', async () => {
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await reading.get(`${path}?limit=1&cursor=${cursor}`, 'bob');
      seen.push(...(body.items as { jobId: string }[]).map(({ jobId }) => jobId));
      cursor = body.nextCursor as string | null;
    }
    expect(seen).toEqual(await listed('', 'bob'));
    expect((await reading.get(`${path}?status=done`, 'bob')).body.code).toBe('query.invalid');
  });
});
