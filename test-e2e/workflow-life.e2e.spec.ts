import type { WorkflowDefinitionInput } from '@countersign/state-machine';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import type { ApiClient } from './src/api-client.js';
import { faultsInPublished, faultsInStore, readPublished, readStore } from './src/audit.js';
import { tablesAndRebuild } from './src/read-tables.js';
import { settled } from './src/settled.js';
import { TestSystem } from './src/system.js';
import { publish } from './src/templates.js';

/** The event store may hold what earlier runs left: this run's templates are its own. */
const run = randomUUID().slice(0, 8);
const names = { account: `account-${run}`, check: `check-${run}`, limit: `limit-${run}` };

/** A check that somebody makes, or that runs out of time. */
const check: WorkflowDefinitionInput = {
  name: names.check,
  initial: 'open',
  contextSchema: [{ name: 'client', type: 'string', required: true, indexed: true }],
  states: [
    { name: 'open', timeout: { after: 'PT10M', to: 'lapsed' } },
    { name: 'cleared', final: 'completed' },
    { name: 'lapsed', final: 'failed' },
  ],
  transitions: [{ event: 'clear', from: 'open', to: 'cleared' }],
};

/** Waits for papers and for a check of its own. */
const account: WorkflowDefinitionInput = {
  name: names.account,
  initial: 'papers',
  contextSchema: [{ name: 'client', type: 'string', required: true }],
  states: [
    { name: 'papers' },
    {
      name: 'checking',
      invoke: { template: names.check, context: { client: 'context.client' } },
    },
    { name: 'opened', final: 'completed' },
    { name: 'refused', final: 'failed' },
  ],
  transitions: [
    {
      event: 'papers_in',
      from: 'papers',
      to: 'checking',
      trigger: { signal: 'papers' },
      action: { type: 'assign', values: { pages: 'input.pages' } },
    },
    { event: 'open', from: 'checking', to: 'opened', trigger: { signal: 'workflow.completed' } },
    { event: 'refuse', from: 'checking', to: 'refused', trigger: { signal: 'workflow.failed' } },
    { event: 'drop', from: 'checking', to: 'refused', trigger: { signal: 'workflow.cancelled' } },
  ],
};

const limit = (after: string, state = 'asked'): WorkflowDefinitionInput => ({
  name: names.limit,
  initial: state,
  protected: [{ state: 'granted', level: 'DUAL' }],
  contextSchema: [{ name: 'amount', type: 'decimal', required: true, indexed: true }],
  states: [
    { name: state, timeout: { after, to: 'waiting' } },
    { name: 'waiting' },
    { name: 'granted', final: 'completed' },
  ],
  transitions: [
    {
      event: 'grant',
      from: 'waiting',
      to: 'granted',
      requiresApproval: { level: 'DUAL', approvers: ['group:trade-approvers'] },
    },
    {
      event: 'again',
      from: 'waiting',
      to: state,
      action: { type: 'assign', values: { amount: 'input.amount' } },
    },
  ],
});

interface Instance {
  readonly workflowId: string;
  readonly approvalId: string;
  readonly position: string;
  readonly status: string;
  readonly state: string;
  readonly code: string;
  readonly context: Readonly<Record<string, unknown>>;
}

describe('the life of instances', () => {
  let system: TestSystem;
  let alice: ApiClient;

  beforeAll(async () => {
    system = await TestSystem.start();
    alice = await system.as('alice');
    await publish(system, check);
    await publish(system, account);
    await publish(system, limit('PT2S'));
  }, 90_000);

  afterAll(async () => {
    await system.stop();
  }, 120_000);

  const start = async (template: string, context: object, businessKey?: string) => {
    const key = businessKey === undefined ? {} : { businessKey };
    const { status, body } = await alice.post<Instance>('/workflows', {
      template,
      context,
      ...key,
    });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return body;
  };
  const read = async (workflowId: string, position?: string) =>
    (await alice.get<Instance>(`/workflows/${workflowId}`, position)).body;
  const until = (workflowId: string, state: string) =>
    eventually(
      async () => {
        const seen = await read(workflowId);
        if (seen.state !== state) throw new Error(`${seen.state} instead of ${state}`);
        return seen;
      },
      { within: 30_000 },
    );
  /** Two people other than the requester agree, or as many as it takes. */
  const agree = async ({ approvalId, position: opened }: Instance) => {
    let position = opened;
    for (const name of ['erin', 'frank']) {
      const person = await system.as(name);
      const { body } = await person.get<{ subjectHash: string; status: string }>(
        `/approvals/${approvalId}`,
        position,
      );
      if (!['PENDING', 'IN_PROGRESS'].includes(body.status)) break;
      const decision = { action: 'approve', reason: 'agreed', subjectHash: body.subjectHash };
      const reply = await person.post<Instance>(`/approvals/${approvalId}/decisions`, decision);
      expect(reply.status).toBe(202);
      position = reply.body.position;
    }
    return position;
  };

  it('goes on by the clock, also when the services were killed before the timer was due', async () => {
    const { workflowId } = await start(names.limit, { amount: '100.50' });
    await settled(system);
    await system.kill();
    await system.up();
    const { context } = await until(workflowId, 'waiting');
    expect(context).toEqual({ amount: '100.50' });
    const moves = await alice.get<{ items: object[] }>(`/workflows/${workflowId}/transitions`);
    expect(moves.body.items).toMatchObject([{ event: 'timeout', trigger: 'timeout' }]);
    const found = await alice.get<{ items: Instance[] }>('/workflows?context.amount=100.50');
    expect(found.body.items.map((item) => item.workflowId)).toContain(workflowId);
  }, 90_000);

  it('takes a signal that came before it was there, invokes a workflow and waits for its end', async () => {
    const businessKey = `client-${run}`;
    const signal = { template: names.account, businessKey, name: 'papers', payload: { pages: 4 } };
    const early = await alice.post('/signals', signal);
    expect([early.status, early.body['workflowId'], early.body['outcome']]).toEqual([
      202,
      undefined,
      'kept',
    ]);
    const parent = await start(names.account, { client: businessKey }, businessKey);
    const waiting = await read(parent.workflowId, parent.position);
    expect(waiting).toMatchObject({
      state: 'checking',
      context: { pages: 4 },
      waitsFor: { child: { template: names.check } },
      signals: [],
    });
    const again = await alice.post<{ signalId: string; outcome: string }>(
      `/workflows/${parent.workflowId}/signals`,
      { name: 'papers', payload: { pages: 5 } },
    );
    expect([again.status, again.body.outcome]).toEqual([202, 'kept']);
    const taking = `/workflows/${parent.workflowId}/signals/${again.body.signalId}`;
    const takeBack = () => alice.call<Record<string, unknown>>('DELETE', taking, {});
    expect((await takeBack()).status).toBe(200);
    expect((await takeBack()).body['code']).toBe('signal.not-waiting');
    const { body } = await alice.get<{ items: Instance[] }>(
      `/workflows?template=${names.check}&context.client=${businessKey}`,
    );
    const [child] = body.items;
    expect(child).toMatchObject({ parentId: parent.workflowId, startedBy: 'alice' });
    const cleared = await alice.post<Instance>(`/workflows/${child?.workflowId}/transitions`, {
      event: 'clear',
    });
    expect(await read(parent.workflowId, cleared.body.position)).toMatchObject({
      status: 'COMPLETED',
      state: 'opened',
    });
    const late = await alice.post(`/workflows/${parent.workflowId}/signals`, { name: 'papers' });
    expect([late.status, late.body['code']]).toEqual([422, 'workflow.ended']);
    const forged = await alice.post(`/workflows/${parent.workflowId}/signals`, {
      name: 'workflow.completed',
    });
    expect([forged.status, forged.body['code']]).toEqual([400, 'signal.reserved-name']);
  }, 120_000);

  it('cancels what it invoked when it is cancelled', async () => {
    const client = `gone-${run}`;
    const parent = await start(names.account, { client });
    await alice.post(`/workflows/${parent.workflowId}/signals`, {
      name: 'papers',
      payload: { pages: 1 },
    });
    const { body } = await alice.post<Instance>(`/workflows/${parent.workflowId}/cancel`, {
      reason: 'client withdrew',
    });
    const { items } = (
      await alice.get<{ items: Instance[] }>(`/workflows?context.client=${client}`, body.position)
    ).body;
    expect(items).toMatchObject([{ status: 'CANCELLED' }]);
  });

  it('is forced only as far as people agree: as many as the approvals that it gets round', async () => {
    const { workflowId } = await start(names.limit, { amount: '7' });
    const asked = await alice.post<Instance>(`/workflows/${workflowId}/force`, {
      to: 'granted',
      reason: 'the client waits',
    });
    expect(asked.status).toBe(202);
    const { approvalId, position } = asked.body;
    const approval = await alice.get<{ subjectHash: string; policy: object }>(
      `/approvals/${approvalId}`,
      position,
    );
    expect(approval.body.policy).toMatchObject({
      level: 'DUAL',
      approvers: ['group:workflow-admins'],
    });
    const own = await alice.post(`/approvals/${approvalId}/decisions`, {
      action: 'approve',
      reason: 'myself',
      subjectHash: approval.body.subjectHash,
    });
    expect(own.status).toBe(422);
    expect(await read(workflowId, await agree(asked.body))).toMatchObject({
      state: 'granted',
      status: 'COMPLETED',
    });
  }, 120_000);

  it('is reset to an earlier state with the context of then, and migrated to another version', async () => {
    const { workflowId } = await start(names.limit, { amount: '1' });
    await until(workflowId, 'waiting');
    await alice.post(`/workflows/${workflowId}/transitions`, {
      event: 'again',
      input: { amount: '2' },
    });
    await until(workflowId, 'waiting');
    const reset = await alice.post<Instance>(`/workflows/${workflowId}/reset`, {
      sequence: 1,
      reason: 'the correction was wrong',
    });
    expect(reset.status).toBe(202);
    expect(await read(workflowId, await agree(reset.body))).toMatchObject({
      state: 'waiting',
      context: { amount: '1' },
    });

    const { version } = await publish(system, limit('PT1H', 'requested'));
    const preview = await alice.post<{ problems: string[]; to: object }>(
      `/workflows/${workflowId}/migrations/preview`,
      { version },
    );
    expect(preview.body).toMatchObject({ problems: [], to: { version, state: 'waiting' } });
    const migration = await alice.post<Instance>(`/workflows/${workflowId}/migrations`, {
      version,
      reason: 'the new wording',
    });
    await agree(migration.body);
    const again = await alice.post<Instance>(`/workflows/${workflowId}/transitions`, {
      event: 'again',
      input: { amount: '3' },
    });
    expect(await read(workflowId, again.body.position)).toMatchObject({
      state: 'requested',
      templateVersion: version,
      context: { amount: '3' },
    });
  }, 90_000);

  it('does not begin by a version that was retired while it was a draft', async () => {
    const { version } = await publish(system, limit('PT2H'));
    const body = { template: names.limit, version, context: { amount: '1' }, draft: true };
    const { workflowId } = (await alice.post<Instance>('/workflows', body)).body;
    const path = `/templates/${names.limit}/versions/${version}/retire`;
    expect((await alice.post(path, { reason: 'too slow' })).status).toBe(202);
    const activated = await alice.post(`/workflows/${workflowId}/activate`, undefined);
    expect([activated.status, activated.body['code']]).toEqual([422, 'template.retired']);
  });

  it('leaves a record that is whole, published as it is, and tables that equal a rebuild', async () => {
    await settled(system);
    const stored = await readStore(system);
    expect(faultsInStore(stored, [])).toEqual([]);
    expect(faultsInPublished(stored, await readPublished(system))).toEqual([]);
    const { inUse, rebuilt } = await tablesAndRebuild(system);
    expect(inUse).toEqual(rebuilt);
  }, 120_000);
});
