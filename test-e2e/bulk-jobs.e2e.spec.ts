import { PreviewBulkJob } from '@countersign/contracts';
import { newId, SystemClock } from '@countersign/kernel';
import { BusSigner, CommandClient } from '@countersign/messaging';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient } from './src/api-client.js';
import { eventsOf, faultsInBulkJob, readStore, withStore } from './src/audit.js';
import { connectAsService } from './src/bus.js';
import { projected } from './src/read-tables.js';
import { BUS_KEY } from './src/services-process.js';
import { TestSystem } from './src/system.js';

interface Job {
  readonly jobId: string;
  readonly status: string;
  readonly count: number;
  readonly approvalId: string;
  readonly position: string;
  readonly code: string;
  readonly results: Readonly<Record<string, number>>;
}
interface Preview {
  readonly count: number;
  readonly capped: boolean;
  readonly sample: readonly { readonly state: string; readonly problems?: readonly string[] }[];
}
interface Items {
  readonly items: readonly { workflowId: string; result: string; code: string | null }[];
  readonly nextCursor: string | null;
}

/** The event store may hold what earlier runs left: this run's template is its own. */
const template = `bulk-${randomUUID().slice(0, 8)}`;
const INSTANCES = 96;

const definition = (title: string, initial: string) => ({
  name: template,
  title,
  initial,
  contextSchema: [
    { name: 'book', type: 'string', indexed: true },
    { name: 'parts', type: 'number' },
  ],
  states: [{ name: initial }, { name: 'split' }, { name: 'done', final: 'completed' }],
  transitions: [
    {
      event: 'divide',
      from: initial,
      to: 'split',
      trigger: 'automatic',
      condition: 'context.parts / context.parts > 1.0',
    },
    ...[initial, 'split'].map((from) => ({ event: 'finish', from, to: 'done' })),
  ],
});

describe('bulk jobs', () => {
  let system: TestSystem;
  let alice: ApiClient;
  let bob: ApiClient;

  beforeAll(async () => {
    system = await TestSystem.start();
    [alice, bob] = [await system.as('alice'), await system.as('bob')];
    await publish(1, definition('first', 'open'));
  }, 120_000);

  afterAll(async () => {
    await system.stop();
  }, 120_000);

  async function publish(version: number, published: object): Promise<void> {
    const at = `/templates/${template}/versions/${version}`;
    expect((await alice.post('/templates', { definition: published })).status).toBe(201);
    expect((await alice.post(`${at}/submit`, {})).status).toBe(202);
    expect((await bob.post(`${at}/publish`, {})).status).toBeLessThan(300);
  }

  /** Starts so many instances in a book. Answers their ids. */
  async function start(book: string, count: number): Promise<string[]> {
    const started = await Promise.all(
      Array.from({ length: count }, () =>
        alice.post<{ workflowId: string }>('/workflows', {
          template,
          context: { book, desk: book, parts: 2 },
        }),
      ),
    );
    expect(started.map(({ status }) => status)).toEqual(started.map(() => 201));
    await projected(system);
    return started.map(({ body }) => body.workflowId);
  }

  const query = (book: string) => ({ template, context: { book } });
  /** What somebody would be told who may see these scopes only. */
  async function countSeen(book: string, scopes: string[]): Promise<number> {
    const bus = await connectAsService(system.nats);
    try {
      const commands = new CommandClient(bus, new BusSigner(BUS_KEY), new SystemClock());
      const id = newId();
      const actor = { id: 'alice', roles: [], groups: [], authMethod: 'test' };
      const preview = await commands.send(
        PreviewBulkJob,
        { wanted: { action: 'cancel', query: query(book) }, scopes },
        { commandId: id, correlationId: id, causationId: id, actor },
      );
      return preview.count;
    } finally {
      await bus.close();
    }
  }

  const ask = (body: object, key = newId()) => alice.post<Job>('/bulk-jobs', body, { key });
  const jobOf = async (jobId: string) => (await alice.get<Job>(`/bulk-jobs/${jobId}`)).body;
  const ended = (jobId: string, status: string) =>
    eventually(async () => (await jobOf(jobId)).status === status, { within: 60_000, every: 100 });

  async function itemsOf(jobId: string, filter = ''): Promise<Items['items']> {
    const items: Items['items'][number][] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const path: string = `/bulk-jobs/${jobId}/items?limit=40&cursor=${cursor}${filter}`;
      const { status, body } = await alice.get<Items>(path);
      expect(status).toBe(200);
      items.push(...body.items);
      cursor = body.nextCursor;
    }
    return items;
  }

  /** Kills the services once some of the events after a position are there, before all are, and starts them again. */
  async function killAmong(type: string, among: readonly string[], after: string): Promise<void> {
    // They stand still while it is counted: a look may take longer than all of the work.
    system.services.freeze();
    await withStore(system, async (store) => {
      const count = async () => {
        const { events } = await store.readAll(after, { categories: ['workflow'] }, 1_000);
        return eventsOf(events, type, among).length;
      };
      const some = async () => {
        if ((await count()) > 0) return true;
        system.services.thaw();
        await sleep(10);
        system.services.freeze();
        return false;
      };
      await eventually(some, { within: 60_000, every: 0 });
      await system.kill();
      const then = await count();
      expect(then).toBeGreaterThan(0);
      expect(then).toBeLessThan(among.length);
    });
    await system.up();
  }

  /** Every instance has exactly one event of a type, decided by the job's own command for it. */
  async function expectOnce(type: string, jobId: string, workflowIds: readonly string[]) {
    expect(faultsInBulkJob(await readStore(system), jobId, type, workflowIds)).toEqual([]);
  }

  it('cancel a frozen list, each instance once, whatever is killed meanwhile', async () => {
    const meant = await start('rates', INSTANCES);
    const others = await start('credit', 3);
    const wanted = { action: 'cancel', query: query('rates') };
    const preview = await alice.post<Preview>('/bulk-jobs/preview', wanted);
    expect([preview.status, preview.body]).toMatchObject([
      200,
      { count: INSTANCES, capped: false },
    ]);
    expect(preview.body.sample[0]).toMatchObject({ state: 'open' });

    expect(await countSeen('rates', ['rates'])).toBe(INSTANCES);
    expect(await countSeen('rates', ['credit'])).toBe(0);

    const [late = ''] = await start('rates', 1);
    const job = { ...wanted, reason: 'the desk has closed', expectedCount: INSTANCES };
    const differs = await ask(job);
    expect([differs.status, differs.body.code]).toEqual([422, 'bulk-job.count-differs']);
    const done = await alice.post(`/workflows/${late}/cancel`, { reason: 'late' });
    expect(done.status).toBe(202);
    await projected(system);

    const key = newId();
    const created = await ask(job, key);
    expect([created.status, created.body]).toMatchObject([
      202,
      { status: 'RUNNING', count: INSTANCES },
    ]);
    const { jobId, position } = created.body;
    await killAmong('workflow.cancelled', meant, position);
    await ended(jobId, 'COMPLETED');
    await projected(system);

    expect((await jobOf(jobId)).results).toEqual({
      done: INSTANCES,
      skipped: 0,
      refused: 0,
      pending: 0,
    });
    const items = await itemsOf(jobId, '&result=done');
    expect(items.map(({ workflowId }) => workflowId)).toEqual([...meant].sort());
    await expectOnce('workflow.cancelled', jobId, meant);
    expect(eventsOf(await readStore(system), 'workflow.cancelled', others)).toEqual([]);

    // The same request again is the same job, though there is nothing any more to cancel.
    expect((await ask(job, key)).body).toMatchObject({ jobId, count: INSTANCES });
    const stopped = await alice.post<Job>(`/bulk-jobs/${jobId}/stop`, { reason: 'late' });
    expect([stopped.status, stopped.body.code]).toEqual([422, 'bulk-job.ended']);
  }, 180_000);

  it('retry what has failed, and say of each why not', async () => {
    const fine = await start('retried', 2);
    const failing = await alice.post<{ workflowId: string }>('/workflows', {
      template,
      context: { book: 'retried' },
    });
    expect(failing.status).toBe(201);
    await projected(system);
    const { body } = await ask({
      action: 'retry',
      query: query('retried'),
      reason: 'try again',
      expectedCount: 3,
    });
    await ended(body.jobId, 'COMPLETED');
    const items = await itemsOf(body.jobId);
    const codes = new Map(
      items.map(({ workflowId, result, code }) => [workflowId, [result, code]]),
    );
    expect(codes.get(failing.body.workflowId)).toEqual(['refused', 'workflow.retry-failed']);
    for (const id of fine) expect(codes.get(id)).toEqual(['skipped', 'workflow.no-incident']);
  }, 120_000);

  it('migrate on one approval by another person, each instance once, whatever is killed', async () => {
    const meant = await start('moving', INSTANCES);
    await publish(2, definition('second', 'opened'));
    const wanted = { action: 'migrate', query: query('moving'), states: { open: 'opened' } };
    const preview = await alice.post<Preview>('/bulk-jobs/preview', wanted);
    expect(preview.body).toMatchObject({
      count: INSTANCES,
      approval: { level: 'SINGLE', approvers: ['group:workflow-admins'] },
    });
    expect(preview.body.sample[0]).toMatchObject({ state: 'open', problems: [] });
    const unmapped = await alice.post<Preview>('/bulk-jobs/preview', {
      ...wanted,
      states: { open: 'gone' },
    });
    expect(unmapped.body.sample[0]?.problems).toHaveLength(1);

    const job = { ...wanted, reason: 'the new version', expectedCount: INSTANCES };
    const { status, body } = await ask(job);
    expect([status, body.status]).toEqual([202, 'AWAITING_APPROVAL']);
    const { jobId, approvalId } = body;
    const [endedMeanwhile = '', ...moving] = meant;
    await alice.post(`/workflows/${endedMeanwhile}/cancel`, { reason: 'not this one' });

    const approval = await bob.get<{ subjectHash: string }>(
      `/approvals/${approvalId}`,
      body.position,
    );
    expect(approval.body).toMatchObject({
      workflowId: null,
      bulkJobId: jobId,
      requester: 'alice',
      subject: { template, from: { versions: [1] }, to: { version: 2 }, count: INSTANCES },
    });
    const { subjectHash } = approval.body;
    const decide = (who: ApiClient) =>
      who.post<Job>(`/approvals/${approvalId}/decisions`, {
        action: 'approve',
        reason: 'agreed',
        subjectHash,
      });
    const own = await decide(alice);
    expect([own.status, own.body.code]).toEqual([422, 'approval.self-approval']);
    expect(eventsOf(await readStore(system), 'workflow.migrated', meant)).toEqual([]);
    const granted = await decide(bob);
    expect(granted.status).toBeLessThan(300);

    await killAmong('workflow.migrated', moving, granted.body.position);
    await ended(jobId, 'COMPLETED');
    await expectOnce('workflow.migrated', jobId, moving);
    const migrated = eventsOf(await readStore(system), 'workflow.migrated', moving);
    expect(new Set(migrated.map(({ data }) => data['approvalId']))).toEqual(new Set([approvalId]));
    expect(await itemsOf(jobId, '&result=skipped')).toMatchObject([
      { workflowId: endedMeanwhile, code: 'workflow.ended' },
    ]);
    await projected(system);
    const { body: moved } = await alice.get(`/workflows/${moving[0]}`);
    expect(moved).toMatchObject({ templateVersion: 2, state: 'opened' });
  }, 180_000);

  it('do nothing when they are rejected, or stopped before anybody agreed', async () => {
    const meant = await start('staying', 4);
    const job = {
      action: 'migrate',
      query: query('staying'),
      version: 1,
      states: { opened: 'open' },
    };
    const wanted = { ...job, reason: 'perhaps', expectedCount: 4 };
    const rejected = await ask(wanted);
    const at = `/approvals/${rejected.body.approvalId}`;
    const { subjectHash } = (await bob.get<{ subjectHash: string }>(at, rejected.body.position))
      .body;
    await bob.post(`${at}/decisions`, { action: 'reject', reason: 'not now', subjectHash });
    await ended(rejected.body.jobId, 'REJECTED');

    const waiting = await ask(wanted);
    const { jobId, approvalId } = waiting.body;
    const stopped = await alice.post<Job>(`/bulk-jobs/${jobId}/stop`, { reason: 'not needed' });
    expect(stopped.body.status).toBe('STOPPED');
    await eventually(
      async () => (await bob.get(`/approvals/${approvalId}`)).body['status'] === 'CANCELLED',
    );
    expect(eventsOf(await readStore(system), 'workflow.migrated', meant)).toEqual([]);
    expect(await itemsOf(jobId, '&result=pending')).toHaveLength(4);
  }, 120_000);
});
