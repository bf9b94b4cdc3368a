import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Approval, ApprovalPeople, refusal } from './src/approval-people.js';
import { tablesAndRebuild } from './src/read-tables.js';
import { TestSystem } from './src/system.js';

interface List {
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

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

const post = (user: string, path: string, body: object = {}) => people.post(user, path, body);
const decide = (user: string, approval: Approval) => people.decide(user, approval);
const read = ({ approvalId }: Approval, position: string) => people.read({ approvalId, position });
/** What Alice asks two people for. */
const ask = (more: object = {}) =>
  people.ask({
    ...{ subject: { limit: 5, note: 'soon' }, level: 'DUAL' },
    ...{ approvers: ['erin', 'dave', 'role:desk-head'] },
    ...more,
  });
const listed = async (user: string, query: string, after: string) => {
  const { items } = await people.get<List>(user, `/approvals?${query}`, after);
  return items.map(({ approvalId }) => approvalId);
};

describe('an ad-hoc request', () => {
  it('goes to two people, and whoever hears of the outcome can act', async () => {
    const asked = await ask();
    expect(asked.quorum).toEqual({ required: 2, given: 0, met: false });
    expect(await listed('erin', 'approver=me&status=pending', asked.position)).toContain(
      asked.approvalId,
    );
    expect(refusal(await decide('alice', asked))).toEqual([422, 'approval.self-approval']);
    expect(refusal(await decide('grace', asked))).toEqual([403, 'approval.not-an-approver']);
    const first = await decide('erin', asked);
    expect([first.status, first.body.status]).toEqual([202, 'IN_PROGRESS']);
    expect(refusal(await decide('erin', asked))).toEqual([422, 'approval.already-decided']);
    const { position } = first.body;
    expect(await listed('erin', 'approver=me', position)).not.toContain(asked.approvalId);
    expect(await listed('erin', 'status=pending', position)).toContain(asked.approvalId);
    const why = await people.get('dave', `/approvals/${asked.approvalId}/why`);
    expect(why).toMatchObject({
      quorum: { required: 2, given: 1, met: false },
      you: { person: 'dave', mayDecide: true, qualifiedBy: 'dave' },
    });
    const last = await decide('carol', asked);
    expect(last.body).toMatchObject({ status: 'APPROVED', quorum: { given: 2, met: true } });
    expect(refusal(await decide('dave', asked))).toEqual([422, 'approval.not-open']);
    expect(await read(asked, last.body.position)).toMatchObject({
      status: 'APPROVED',
      adHoc: true,
      template: null,
      quorum: { required: 2, given: 2, met: true },
      votes: [{ approver: 'erin' }, { approver: 'carol', qualifiedBy: 'role:desk-head' }],
    });
    const outcome = await people.heard(asked, 'granted');
    expect(outcome).toMatchObject({
      type: 'countersign.approval.granted.v1',
      data: {
        requester: 'alice',
        requestReason: 'a new limit',
        subject: { limit: 5, note: 'soon' },
        subjectHash: asked.subjectHash,
        approvers: ['erin', 'carol'],
        decisions: [
          { approver: 'erin', action: 'approve', reason: 'fine' },
          { approver: 'carol', qualifiedBy: 'role:desk-head' },
        ],
      },
    });
  });

  it('is about what was shown: a material change voids what was given', async () => {
    const policy = { level: 'DUAL', approvers: ['erin', 'dave'], material: ['/limit'] };
    const asked = await ask({ level: undefined, approvers: undefined, policy });
    expect((await decide('erin', asked)).status).toBe(202);
    const change = (limit: number, note: string) =>
      post('alice', `/approvals/${asked.approvalId}/subject`, { subject: { limit, note } });
    const immaterial = await change(5, 'today');
    expect(immaterial.body).toMatchObject({ material: false, voided: [], status: 'IN_PROGRESS' });
    expect(refusal(await decide('dave', asked))).toEqual([422, 'approval.stale-subject']);
    const material = await change(50, 'today');
    expect(material.body).toMatchObject({ material: true, status: 'PENDING' });
    const shown = await read(asked, material.body.position);
    expect(shown).toMatchObject({
      subject: { limit: 50 },
      quorum: { given: 0 },
      votes: [{ approver: 'erin', status: 'VOID', subjectHash: asked.subjectHash }],
    });
    expect((await decide('erin', shown)).body.quorum.given).toBe(1);
  });

  it('can be withdrawn by who asked', async () => {
    const asked = await ask();
    const path = `/approvals/${asked.approvalId}/withdrawals`;
    const reason = { reason: 'not needed' };
    expect(refusal(await post('erin', path, reason))).toEqual([422, 'approval.not-the-requester']);
    const { body } = await post('alice', path, reason);
    expect(await listed('bob', 'status=withdrawn', body.position)).toContain(asked.approvalId);
    expect((await people.heard(asked, 'withdrawn')).data).toMatchObject({
      withdrawnBy: 'alice',
      ...reason,
    });
  });

  it('lets a decision be taken back, and others be asked', async () => {
    const asked = await ask();
    const path = `/approvals/${asked.approvalId}`;
    const given = await decide('erin', asked);
    const revoked = await post('erin', `${path}/revocations`, { reason: 'a slip' });
    expect(revoked.body).toMatchObject({
      decisionId: given.body.decisionId,
      quorum: { given: 0 },
      status: 'PENDING',
    });
    const escalation = { approvers: ['grace'], reason: 'nobody is there' };
    const own = await post('alice', `${path}/escalations`, escalation);
    expect(refusal(own)).toEqual([422, 'approval.self-approval']);
    const escalated = await post('dave', `${path}/escalations`, escalation);
    expect(escalated.status).toBe(202);
    expect(await listed('grace', 'approver=me', escalated.body.position)).toContain(
      asked.approvalId,
    );
    expect((await decide('grace', asked)).status).toBe(202);
    const last = await decide('dave', asked);
    expect(await read(asked, last.body.position)).toMatchObject({
      status: 'APPROVED',
      escalations: [{ approvers: ['grace'], by: 'dave', cause: 'person' }],
      votes: [{ approver: 'erin', status: 'REVOKED' }, { approver: 'grace' }, { approver: 'dave' }],
    });
  });

  it('is talked about, claimed and released', async () => {
    const asked = await ask();
    const path = `/approvals/${asked.approvalId}`;
    const question = await post('erin', `${path}/comments`, { text: 'why?', kind: 'question' });
    const answers = { kind: 'answer', answers: question.body.commentId };
    const answer = await post('alice', `${path}/comments`, { text: 'because', ...answers });
    const claimed = await post('dave', `${path}/claims`);
    expect(await listed('dave', 'claimedBy=me', claimed.body.position)).toContain(asked.approvalId);
    expect(refusal(await post('erin', `${path}/releases`))[0]).toBe(202);
    expect(await read(asked, answer.body.position)).toMatchObject({
      comments: [
        { author: 'erin', kind: 'question', text: 'why?' },
        { author: 'alice', kind: 'answer', answers: question.body.commentId },
      ],
    });
    const large = await post('erin', `${path}/comments`, { text: 'x'.repeat(4_001) });
    expect(refusal(large)).toEqual([400, 'request.invalid']);
  });

  it('is decided with others at once, by a job', async () => {
    const [one, two] = [await ask({ level: 'SINGLE' }), await ask({ level: 'SINGLE' })];
    const items = [one, two].map(({ approvalId, subjectHash }) => ({ approvalId, subjectHash }));
    const stale = { approvalId: (await ask()).approvalId, subjectHash: 'a'.repeat(64) };
    const wanted = { action: 'approve', reason: 'all fine', items: [...items, stale] };
    const unsure = await post('erin', '/approvals/bulk-decisions', {
      ...wanted,
      confirmation: 'yes',
    });
    expect(refusal(unsure)).toEqual([422, 'decision-job.not-confirmed']);
    const confirmed = { ...wanted, confirmation: 'approve 3' };
    const started = await (
      await system.as('erin')
    ).post<{ jobId: string; position: string }>('/approvals/bulk-decisions', confirmed);
    expect(started.status).toBe(202);
    const { jobId, position } = started.body;
    const job = await eventually(async () => {
      const body = await people.get<Record<string, unknown>>(
        'erin',
        `/approvals/bulk-decisions/${jobId}`,
        position,
      );
      return body['status'] === 'COMPLETED' && body;
    });
    expect(job).toMatchObject({ results: { decided: 2, refused: 1, pending: 0 } });
    expect(job['items']).toContainEqual(
      expect.objectContaining({ approvalId: stale.approvalId, code: 'approval.stale-subject' }),
    );
    await people.heard(one, 'granted');
  });

  it('that nobody can meet is refused', async () => {
    const wanted = {
      subject: { a: 1 },
      level: 'DUAL',
      reason: 'please',
      approvers: ['alice', 'erin'],
    };
    expect(refusal(await people.post('alice', '/approvals', wanted))).toEqual([
      422,
      'approval.quorum-unreachable',
    ]);
    const policy = { level: 'SINGLE', approvers: ['erin'], rejection: { count: 2 } };
    const unsound = { subject: { a: 1 }, policy, reason: 'please' };
    expect(refusal(await people.post('alice', '/approvals', unsound))).toEqual([
      422,
      'approval.rejection-unreachable',
    ]);
  });

  it('about a workflow that is not there is refused', async () => {
    const wanted = { subject: { a: 1 }, level: 'SINGLE', approvers: ['erin'], reason: 'please' };
    const about = { ...wanted, workflowId: '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11' };
    expect(refusal(await people.post('alice', '/approvals', about))).toEqual([
      422,
      'approval.unknown-workflow',
    ]);
  });

  it('leaves read tables that equal a rebuild', async () => {
    const { inUse, rebuilt } = await tablesAndRebuild(system);
    expect(inUse).toEqual(rebuilt);
  });
});
