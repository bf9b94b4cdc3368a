import { derivedId, newId, type StoredEvent } from '@countersign/kernel';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { faultsInApprovals, outcomesOf } from './src/approval-audit.js';
import { type Approval, ApprovalPeople, type Instance } from './src/approval-people.js';
import { faultsInPublished, faultsInStore, readPublished, readStore } from './src/audit.js';
import { CommitGate } from './src/commit-gate.js';
import type { ServicesProcess } from './src/services-process.js';
import { settled } from './src/settled.js';
import { TestSystem } from './src/system.js';
import { publish } from './src/templates.js';
import { TestPostgres } from './src/test-postgres.js';

const TIMEOUT_MS = 120_000;
const ITEMS = 40;

/** A job that approves these. */
interface Job {
  readonly jobId: string;
  readonly approvals: readonly Approval[];
}

describe('two processes, of which one is killed', () => {
  let postgres: TestPostgres;
  let system: TestSystem;
  let replica: ServicesProcess;
  let gate: CommitGate;
  let people: ApprovalPeople;
  const jobs: Job[] = [];

  beforeAll(async () => {
    postgres = await TestPostgres.start();
    system = await TestSystem.start({}, () => Promise.resolve(postgres));
    replica = await system.startReplica();
    gate = await CommitGate.open(system.database, [system.services, replica]);
    people = await ApprovalPeople.open(system);
    const guarded = (name: string, more: object) => ({
      name,
      initial: 'new',
      states: [
        { name: 'new' },
        { name: 'done', final: 'completed' as const },
        { name: 'refused', final: 'completed' as const },
      ],
      transitions: [
        {
          event: 'release',
          from: 'new',
          to: 'done',
          trigger: 'automatic' as const,
          requiresApproval: {
            level: 'SINGLE' as const,
            approvers: ['erin', 'frank'],
            onRejected: 'refused',
            ...more,
          },
        },
      ],
    });
    await publish(system, guarded('patient', {}));
    await publish(system, guarded('hasty', { expiry: { after: 'PT2S', outcome: 'reject' } }));
  }, TIMEOUT_MS);

  afterAll(async () => {
    await gate.close();
    await people.close();
    await replica.kill();
    await system.stop();
  }, 120_000);

  const start = async (template: string) =>
    (await people.post<Instance>('alice', '/workflows', { template, context: {} })).body;
  const single = () => people.ask({ level: 'SINGLE', approvers: ['erin', 'frank'] });
  const until = (workflowId: string, state: string) =>
    eventually(async () => (await people.workflow(workflowId)).state === state, { within: 60_000 });

  const typesOf = (stored: readonly StoredEvent[], stream: string) =>
    stored.filter((event) => event.stream === stream).map(({ type }) => type);

  /** What is wrong with a job that should have decided these, each once; empty when nothing is. */
  function faultsInJob(stored: readonly StoredEvent[], { jobId, approvals }: Job) {
    const results = stored
      .filter(({ stream }) => stream === `decisionjob-${jobId}`)
      .flatMap(({ data }) => (data['results'] ?? []) as { approvalId: string; result: string }[]);
    return approvals.flatMap(({ approvalId: id }) => {
      const decided = stored.filter(
        ({ stream, type, metadata }) =>
          stream === `approval-${id}` &&
          type === 'approval.decision-recorded' &&
          metadata.commandId === derivedId('decision of a job', jobId, id),
      ).length;
      const recorded = results.filter(({ approvalId }) => approvalId === id);
      const fine = decided === 1 && recorded.length === 1 && recorded[0]?.result === 'decided';
      return fine ? [] : [`${id}: decided ${decided} times, recorded ${recorded.length} times`];
    });
  }
  const bulk = (approvals: readonly Approval[], key: string) => async () => {
    const items = approvals.map(({ approvalId, subjectHash }) => ({ approvalId, subjectHash }));
    const body = { action: 'approve', reason: 'all fine', items };
    const confirmed = { ...body, confirmation: `approve ${items.length}` };
    const erin = await system.as('erin');
    const reply = await erin.post<{ jobId: string }>('/approvals/bulk-decisions', confirmed, {
      key,
    });
    return reply.body.jobId;
  };
  const completed = (jobId: string) =>
    eventually(
      async () => {
        const path = `/approvals/bulk-decisions/${jobId}`;
        return (await people.get<Approval>('erin', path)).status === 'COMPLETED';
      },
      { within: 60_000 },
    );

  it(
    'between a decision and its publication: it counts once, and the workflow goes on once',
    async () => {
      const { workflowId, approvalId, position } = await start('patient');
      const { subjectHash } = await people.read({ approvalId, position });
      const erin = await system.as('erin');
      const key = newId();
      const path = `/approvals/${approvalId}/decisions`;
      const decide = () =>
        erin.post(path, { action: 'approve', reason: 'fine', subjectHash }, { key });
      const at = `new.type = 'approval.granted' AND new.stream_id = 'approval-${approvalId}'`;
      const victim = await gate.kill(at, decide);
      await victim.up();
      expect((await decide()).status).toBe(202);
      await until(workflowId, 'done');
      const stored = await readStore(system);
      expect(typesOf(stored, `approval-${approvalId}`)).toEqual([
        'approval.requested',
        'approval.decision-recorded',
        'approval.granted',
      ]);
      const moves = typesOf(stored, `workflow-${workflowId}`).filter((type) =>
        /transitioned|completed/.test(type),
      );
      expect(moves).toEqual(['workflow.transitioned', 'workflow.completed']);
    },
    TIMEOUT_MS,
  );

  it(
    'at a deadline that is due: it passes once',
    async () => {
      let begun: Instance | undefined;
      const victim = await gate.kill(`new.type = 'approval.timed-out'`, async () => {
        begun = await start('hasty');
      });
      await victim.up();
      const { workflowId = '', approvalId = '' } = begun ?? {};
      await until(workflowId, 'refused');
      const stored = await readStore(system);
      expect(typesOf(stored, `approval-${approvalId}`)).toEqual([
        'approval.requested',
        'approval.timed-out',
      ]);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['a-decision', (last: string) => `new.stream_id = 'approval-${last}'`],
    ['the-record', () => `new.type = 'decisionjob.items-processed'`],
  ])(
    'in the middle of a job of many decisions, at %s: each is made once',
    async (key, at) => {
      const approvals = await Promise.all(Array.from({ length: ITEMS }, single));
      const ask = bulk(approvals, key);
      const victim = await gate.kill(at(approvals[ITEMS / 2]?.approvalId ?? ''), ask);
      await victim.up();
      const jobId = await ask();
      await completed(jobId);
      jobs.push({ jobId, approvals });
    },
    TIMEOUT_MS,
  );

  it(
    'and the other, and the database, in the middle of it all: nothing is lost and nothing doubled',
    async () => {
      const approvals = await Promise.all(Array.from({ length: ITEMS * 3 }, single));
      const hasty = await Promise.all(Array.from({ length: 5 }, () => start('hasty')));
      const ask = bulk(approvals, 'everything');
      await gate.kill(`new.stream_id = 'approval-${approvals[ITEMS]?.approvalId ?? ''}'`, ask);
      await Promise.all([postgres.kill(), system.kill(), replica.kill()]);
      await postgres.up();
      await Promise.all([system.up(), replica.up()]);
      const jobId = await ask();
      await completed(jobId);
      for (const { workflowId } of hasty) await until(workflowId, 'refused');
      jobs.push({ jobId, approvals });
      await settled(system);
      const stored = await readStore(system);
      expect(jobs).toHaveLength(3);
      expect(jobs.flatMap((job) => faultsInJob(stored, job))).toEqual([]);
      expect(faultsInStore(stored, [])).toEqual([]);
      expect(faultsInApprovals(stored)).toEqual([]);
      expect(faultsInPublished(stored, await readPublished(system))).toEqual([]);
      const outcomes = outcomesOf(stored);
      const granted = jobs.flatMap((job) => job.approvals);
      const kinds = granted.map(({ approvalId }) => outcomes.get(approvalId));
      expect(new Set(kinds)).toEqual(new Set(['granted']));
      const late = hasty.map(({ approvalId }) => outcomes.get(approvalId));
      expect(new Set(late)).toEqual(new Set(['timed-out']));
    },
    TIMEOUT_MS,
  );
});
