import { newId } from '@countersign/kernel';
import type { Person } from '@countersign/state-machine';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import { ApiClient } from './src/api-client.js';
import { type Approval, ApprovalPeople, type Instance, refusal } from './src/approval-people.js';
import { faultsInPublished, faultsInStore, readPublished, readStore } from './src/audit.js';
import { tablesAndRebuild } from './src/read-tables.js';
import { settled } from './src/settled.js';
import { TestSystem } from './src/system.js';
import { publish } from './src/templates.js';

let system: TestSystem;
let people: ApprovalPeople;

beforeAll(async () => {
  system = await TestSystem.start();
  people = await ApprovalPeople.open(system);
}, 120_000);
afterAll(async () => {
  await people.close();
  await system.stop();
}, 120_000);

describe('a policy with stages', () => {
  const policy = {
    stages: [
      { name: 'desk', level: 'SINGLE', approvers: ['role:desk-head'] },
      { name: 'compliance', level: 'DUAL', approvers: ['frank', 'grace', 'rosa'] },
    ],
  };

  it('takes different people in each, also for somebody who is away; the record says for whom', async () => {
    const end = new Date(Date.now() + 3_600_000).toISOString();
    const away = { to: 'heidi', end, reason: 'on leave', outOfOffice: true };
    const delegated = await people.post<{ delegationId: string }>('frank', '/delegations', away);
    expect(delegated.status).toBe(201);
    const { delegationId } = delegated.body;

    const asked = await people.ask({ policy });
    const early = await people.decide('heidi', asked, { onBehalfOf: 'frank' });
    expect(refusal(early)).toEqual([403, 'approval.not-an-approver']);
    const desk = await people.decide('carol', asked);
    expect(desk.body).toMatchObject({ status: 'IN_PROGRESS', quorum: { required: 2, given: 0 } });
    expect(refusal(await people.decide('carol', asked))).toEqual([422, 'approval.excluded']);
    const forged = await people.decide('heidi', asked, { onBehalfOf: 'rosa' });
    expect(refusal(forged)).toEqual([403, 'approval.not-an-approver']);
    const why = await people.get<Approval>('heidi', `/approvals/${asked.approvalId}/why`);
    expect(why).toMatchObject({ you: { mayDecide: true, onBehalfOf: ['frank'] } });
    const standIn = await people.decide('heidi', asked, { onBehalfOf: 'frank' });
    expect(standIn.status).toBe(202);
    expect(refusal(await people.decide('frank', asked))).toEqual([422, 'approval.already-decided']);
    const last = await people.decide('grace', asked);
    expect(last.body.status).toBe('APPROVED');

    const forFrank = { approver: 'heidi', onBehalfOf: 'frank', delegations: [delegationId] };
    expect(await people.read(last.body)).toMatchObject({
      stages: [
        { name: 'desk', status: 'COMPLETE', given: 1 },
        { name: 'compliance', status: 'COMPLETE', given: 2 },
      ],
      votes: [
        { approver: 'carol', stage: 0, onBehalfOf: null, qualifiedBy: 'role:desk-head' },
        { ...forFrank, stage: 1, qualifiedBy: 'frank' },
        { approver: 'grace', stage: 1 },
      ],
    });
    const { data } = await people.heard(asked, 'granted');
    expect(data).toMatchObject({
      approvers: ['carol', 'heidi', 'grace'],
      decisions: [{ approver: 'carol' }, forFrank, { approver: 'grace' }],
    });
    expect((await people.heard(asked, 'stage-completed')).data).toMatchObject({
      name: 'desk',
      next: { name: 'compliance', required: 2 },
    });
  });
});

describe('a signature', () => {
  it('takes having signed in lately, and keeps what it means', async () => {
    const signature = { meaning: 'reviewed and approved', maxAge: 'PT2S' };
    const asked = await people.ask({
      policy: { level: 'SINGLE', approvers: ['erin'], signature, auditRefusals: true },
    });
    const erin = await ApiClient.signIn(system.base, 'erin');
    const body = { action: 'approve', reason: 'fine', subjectHash: asked.subjectHash };
    const path = `/approvals/${asked.approvalId}/decisions`;
    // The time of signing in has whole seconds.
    await sleep(3_100);
    const old = await erin.post<Approval>(path, body);
    expect(refusal(old)).toEqual([401, 'approval.reauthentication-needed']);
    expect(old.body).toMatchObject({ maxAgeSeconds: 2, meaning: signature.meaning });
    const challenge = old.headers.get('www-authenticate');
    expect(challenge).toContain('error="insufficient_user_authentication"');
    expect(challenge).toContain('max_age="2"');
    const again = await ApiClient.signIn(system.base, 'erin');
    const signed = await again.post<Approval>(path, body);
    expect(signed.body).toMatchObject({ status: 'APPROVED' });
    const shown = await people.read(signed.body);
    expect(shown.votes).toMatchObject([
      { approver: 'erin', signature: { meaning: signature.meaning, name: 'Erin Castellanos' } },
    ]);
    expect(shown.history).toContainEqual(
      expect.objectContaining({
        kind: 'decision-refused',
        data: expect.objectContaining({ code: 'approval.reauthentication-needed' }),
      }),
    );
    expect((await people.heard(asked, 'granted')).data).toMatchObject({
      decisions: [{ signature: { meaning: signature.meaning } }],
    });
  });
});

describe('an emergency override', () => {
  it('is of whom the policy names, and is reviewed by somebody else', async () => {
    const asked = await people.ask({
      policy: { level: 'DUAL', approvers: ['erin', 'dave'], breakGlass: ['grace', 'alice'] },
    });
    const path = `/approvals/${asked.approvalId}`;
    const override = { reason: 'the market closes', subjectHash: asked.subjectHash };
    const by = async (user: string) =>
      refusal(await people.post(user, `${path}/overrides`, override));
    expect(await by('alice')).toEqual([422, 'approval.self-approval']);
    expect(await by('erin')).toEqual([403, 'approval.not-an-approver']);
    const overridden = await people.post('grace', `${path}/overrides`, override);
    expect(overridden.body).toMatchObject({ status: 'APPROVED' });
    expect((await people.heard(asked, 'granted')).data).toMatchObject({
      overriddenBy: 'grace',
      approvers: [],
    });
    expect(await people.read(overridden.body)).toMatchObject({
      review: 'OPEN',
      overriddenBy: 'grace',
    });
    const review = { verdict: 'justified', reason: 'it was' };
    const reviewed = (user: string) => people.post(user, `${path}/reviews`, review);
    expect(refusal(await reviewed('grace'))).toEqual([422, 'approval.self-approval']);
    expect(refusal(await reviewed('alice'))).toEqual([422, 'approval.self-approval']);
    const closed = await reviewed('dave');
    expect(closed.status).toBe(202);
    expect(await people.read(closed.body)).toMatchObject({ review: 'CLOSED', status: 'APPROVED' });
    expect(refusal(await reviewed('erin'))).toEqual([422, 'approval.no-open-review']);
  });
});

describe('many decisions at once', () => {
  it('take the right words, and say of each what became of it', async () => {
    const single = { level: 'SINGLE', approvers: ['erin', 'dave'] };
    const [fine, withdrawn, another, own] = await Promise.all([
      people.ask(single),
      people.ask(single),
      people.ask({ level: 'SINGLE', approvers: ['dave'] }),
      people.post('erin', '/approvals', { ...single, subject: { a: 1 }, reason: 'mine' }),
    ]);
    await people.post('alice', `/approvals/${withdrawn.approvalId}/withdrawals`, { reason: 'no' });
    const unknown = { approvalId: newId(), subjectHash: fine.subjectHash };
    const items = [fine, withdrawn, another, own.body, unknown].map(
      ({ approvalId, subjectHash }) => ({ approvalId, subjectHash }),
    );
    const job = { action: 'approve', reason: 'all fine', items };
    const start = (confirmation: string) =>
      people.post<Approval & { jobId: string }>('erin', '/approvals/bulk-decisions', {
        ...job,
        confirmation,
      });
    const unsure = await start('approve 4');
    expect([...refusal(unsure), unsure.body['confirmation']]).toEqual([
      422,
      'decision-job.not-confirmed',
      'approve 5',
    ]);
    const { jobId } = (await start('approve 5')).body;
    const done = await eventually(async () => {
      const seen = await people.get<Approval>('erin', `/approvals/bulk-decisions/${jobId}`);
      return seen.status === 'COMPLETED' && seen;
    });
    expect(done).toMatchObject({ results: { decided: 1, refused: 4, pending: 0 } });
    const results = done['items'] as { approvalId: string; code: string | null }[];
    const codeOf = new Map(results.map(({ approvalId, code }) => [approvalId, code]));
    expect(items.map(({ approvalId }) => codeOf.get(approvalId))).toEqual([
      null,
      'approval.not-open',
      'approval.not-an-approver',
      'approval.self-approval',
      'approval.not-found',
    ]);
  });
});

describe('somebody who leaves', () => {
  it('is an incident of what nobody can decide any more, until they come back', async () => {
    const asked = await people.ask({ level: 'DUAL', approvers: ['erin', 'ivan'] });
    const heidi = await system.as('heidi');
    const setActive = async (active: boolean) => {
      const { headers, body } = await heidi.get<{ people: Person[] }>('/directory');
      const all = body.people.map((each) => (each.id === 'ivan' ? { ...each, active } : each));
      const ifMatch = { 'if-match': headers.get('etag') ?? '' };
      const put = await heidi.call('PUT', '/directory', {
        body: { people: all },
        headers: ifMatch,
      });
      expect(put.status).toBe(200);
    };
    const incident = (status: string) =>
      eventually(async () => {
        const path = `/incidents?kind=approval&status=${status}`;
        const { items } = await people.get<{ items: Record<string, unknown>[] }>('heidi', path);
        return items.find(
          ({ source }) => (source as Record<string, unknown>)['approvalId'] === asked.approvalId,
        );
      });
    await setActive(false);
    const rule = 'two different people of erin or ivan have to approve; only 1 may';
    expect(await incident('OPEN')).toMatchObject({
      code: 'approval.quorum-unreachable',
      message: rule,
    });
    const why = await people.get('erin', `/approvals/${asked.approvalId}/why`);
    expect(why).toMatchObject({ incidents: [{ message: rule }] });
    await setActive(true);
    expect(await incident('RESOLVED')).toMatchObject({
      resolution: { resolution: '2 people may decide' },
    });
  });
});

describe('a rule in place of people', () => {
  const policy = { level: 'AUTO', rule: 'subject.limit <= 10.0' };

  it.each([
    [5, 'APPROVED', 'granted'],
    [50, 'REJECTED', 'rejected'],
  ])('decides %d at once: %s, with what it saw', async (limit, status, type) => {
    const asked = await people.ask({ policy, subject: { limit } });
    expect(asked.status).toBe(status);
    const { data } = await people.heard(asked, type);
    expect(data).toMatchObject({
      rule: { expression: policy.rule, inputs: { limit }, language: expect.any(String) },
      decisions: [],
    });
    const why = await people.get('bob', `/approvals/${asked.approvalId}/why`);
    expect(why).toMatchObject({ decidedBy: { rule: expect.stringContaining(policy.rule) } });
  });
});

describe('what a person asks about a workflow', () => {
  it('never makes its transition', async () => {
    await publish(system, {
      name: 'waits',
      initial: 'new',
      states: [
        { name: 'new' },
        { name: 'done', final: 'completed' },
        { name: 'refused', final: 'completed' },
      ],
      transitions: [
        {
          event: 'release',
          from: 'new',
          to: 'done',
          trigger: 'automatic',
          requiresApproval: {
            level: 'DUAL',
            approvers: ['erin', 'dave', 'frank'],
            onRejected: 'refused',
          },
        },
      ],
    });
    const { body } = await people.post<Instance>('alice', '/workflows', {
      template: 'waits',
      context: {},
    });
    const { workflowId, approvalId } = body;
    const own = await people.read(body);
    const asked = await people.ask({
      ...{ workflowId, subject: own['subject'] },
      ...{ level: 'SINGLE', approvers: ['erin'] },
    });
    expect(asked.subjectHash).toBe(own.subjectHash);
    expect((await people.decide('erin', asked)).body.status).toBe('APPROVED');
    expect((await people.heard(asked, 'granted')).data).toMatchObject({ adHoc: true, workflowId });
    await settled(system);
    expect(await people.workflow(workflowId)).toMatchObject({ state: 'new', status: 'ACTIVE' });
    const open = await people.get<Approval>('bob', `/approvals/${approvalId}`);
    expect(open).toMatchObject({ status: 'PENDING', quorum: { given: 0 } });
    await people.decide('erin', own);
    await people.decide('dave', own);
    await eventually(async () => (await people.workflow(workflowId)).state === 'done');
  });
});

describe('all of it together', () => {
  it('leaves a record that is whole, published as it is, and tables that equal a rebuild', async () => {
    await settled(system);
    const stored = await readStore(system);
    expect(faultsInStore(stored, [])).toEqual([]);
    expect(faultsInPublished(stored, await readPublished(system))).toEqual([]);
    const { inUse, rebuilt } = await tablesAndRebuild(system);
    expect(inUse).toEqual(rebuilt);
  }, 120_000);
});
