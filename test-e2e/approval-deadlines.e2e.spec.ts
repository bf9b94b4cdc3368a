import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import { ApprovalPeople, type Approval, type Instance, refusal } from './src/approval-people.js';
import { TestSystem } from './src/system.js';
import { publish } from './src/templates.js';

let system: TestSystem;
let people: ApprovalPeople;

/** A workflow with one step, which takes an approval. */
const guarded = (name: string, policy: object, more: object = {}) => ({
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
      requiresApproval: { level: 'SINGLE' as const, approvers: ['erin', 'frank'], ...policy },
    },
    { event: 'drop', from: 'new', to: 'refused' },
  ],
  ...more,
});

beforeAll(async () => {
  system = await TestSystem.start();
  people = await ApprovalPeople.open(system);
  const tiers = [
    { after: 'PT1S', approvers: ['grace'] },
    { after: 'PT3S', approvers: ['rosa'] },
  ];
  const later = [{ after: 'PT2H', approvers: ['grace'] }];
  const definitions = [
    guarded('rejects', { expiry: { after: 'PT2S', outcome: 'reject' }, onRejected: 'refused' }),
    guarded('cancels', { expiry: { after: 'PT2S', outcome: 'cancel' } }),
    guarded('escalates', { escalation: tiers, reminders: ['PT0.5S', 'PT2S'] }),
    guarded('overdue', { escalation: later }, { timeout: 'PT1S', autoEscalate: true }),
    guarded('pauses', {
      expiry: { after: 'PT4S', outcome: 'reject' },
      reminders: ['PT3S'],
      onRejected: 'refused',
    }),
  ];
  for (const definition of definitions) await publish(system, definition);
}, 90_000);

afterAll(async () => {
  await people.close();
  await system.stop();
}, 120_000);

/** Starts a workflow and asks for its step. */
async function begin(template: string): Promise<Instance> {
  const { body } = await people.post<Instance>('alice', '/workflows', { template, context: {} });
  const path = `/workflows/${body.workflowId}/transitions`;
  const asked = await people.post<Instance>('alice', path, { event: 'release' });
  expect(asked.status).toBe(202);
  return asked.body;
}
const until = (workflowId: string, state: string) =>
  eventually(async () => {
    const seen = await people.workflow(workflowId);
    if (seen.state !== state) throw new Error(`${seen.state} instead of ${state}`);
    return seen;
  });
const shown = (approvalId: string) =>
  eventually(async () => {
    const approval = await people.get<Approval>('bob', `/approvals/${approvalId}`);
    return approval.approvalId === approvalId && approval;
  });

describe('the deadlines of a workflow’s approval', () => {
  it('reject: the workflow goes where a rejection leads', async () => {
    const { workflowId, approvalId } = await begin('rejects');
    await until(workflowId, 'refused');
    const approval = await shown(approvalId);
    expect(approval).toMatchObject({ status: 'TIMED_OUT', votes: [] });
    expect(refusal(await people.decide('erin', approval))).toEqual([422, 'approval.not-open']);
    const { data } = await people.heard({ approvalId }, 'timed-out');
    expect(data).toMatchObject({ outcome: 'reject', requester: 'alice', workflowId });
  });

  it('cancel: the workflow stays where it is, and may ask again', async () => {
    const { workflowId, approvalId } = await begin('cancels');
    const { data } = await people.heard({ approvalId }, 'timed-out');
    expect(data).toMatchObject({ outcome: 'cancel' });
    const again = await eventually(async () => {
      const path = `/workflows/${workflowId}/transitions`;
      const asked = await people.post<Instance>('alice', path, { event: 'release' });
      return asked.status === 202 && asked.body;
    });
    expect(again).toMatchObject({ status: 'ACTIVE', state: 'new' });
    expect(again.approvalId).not.toBe(approvalId);
    const approval = await people.read(again);
    expect((await people.decide('erin', approval)).status).toBe(202);
    await until(workflowId, 'done');
  });

  it('ask tier after tier, and remind those who are asked', async () => {
    const { workflowId, approvalId } = await begin('escalates');
    const approval = await shown(approvalId);
    expect(refusal(await people.decide('rosa', approval))).toEqual([
      403,
      'approval.not-an-approver',
    ]);
    await eventually(() => Promise.resolve(people.heardSoFar(approval, 'escalated').length === 2));
    expect(people.heardSoFar(approval, 'escalated').map(({ data }) => data)).toMatchObject([
      { tier: 0, approvers: ['grace'], cause: 'timeout' },
      { tier: 1, approvers: ['rosa'], cause: 'timeout' },
    ]);
    // Of two that are due at the same time, only the last is sent.
    const last = await eventually(() =>
      Promise.resolve(
        people.heardSoFar(approval, 'reminded').find(({ data }) => data['reminder'] === 1),
      ),
    );
    expect(last.data['waitingFor']).toEqual(expect.arrayContaining(['erin', 'frank', 'grace']));
    expect((await people.decide('rosa', approval)).status).toBe(202);
    await until(workflowId, 'done');
    const decided = await shown(approvalId);
    expect(decided).toMatchObject({
      status: 'APPROVED',
      escalations: [{ tier: 0 }, { tier: 1 }],
      votes: [{ approver: 'rosa', qualifiedBy: 'rosa' }],
    });
  });

  it('are overtaken by the time of the workflow: the next tier is asked', async () => {
    const { workflowId, approvalId } = await begin('overdue');
    const { data } = await people.heard({ approvalId }, 'escalated');
    expect(data).toMatchObject({ cause: 'workflow-timeout', tier: 0, approvers: ['grace'] });
    expect((await people.decide('grace', await shown(approvalId))).status).toBe(202);
    await until(workflowId, 'done');
    const { items } = await people.get<{ items: object[] }>('bob', '/incidents?kind=workflow');
    expect(items).toContainEqual(
      expect.objectContaining({ workflowId, code: 'workflow.timed-out' }),
    );
  });

  it('stand still while the workflow is paused, and go on with what was left', async () => {
    const { workflowId, approvalId } = await begin('pauses');
    const before = await shown(approvalId);
    const act = (what: string) =>
      people.post('alice', `/workflows/${workflowId}/${what}`, { reason: 'the audit' });
    expect((await act('pause')).status).toBe(202);
    await people.heard({ approvalId }, 'deadlines-frozen');
    await sleep(Date.parse(before.deadlines.expiresAt ?? '') - Date.now() + 300);
    expect(people.heardSoFar({ approvalId }, 'reminded')).toEqual([]);
    expect(await shown(approvalId)).toMatchObject({ status: 'PENDING', frozen: true });
    expect((await act('resume')).status).toBe(202);
    const { data } = await people.heard({ approvalId }, 'deadlines-resumed');
    const { expiresAt } = data['deadlines'] as { expiresAt: string };
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 500);
    await people.heard({ approvalId }, 'reminded');
    await until(workflowId, 'refused');
    const ended = await people.heard({ approvalId }, 'timed-out');
    expect(ended.data['deadline']).toBe(expiresAt);
  });
});
