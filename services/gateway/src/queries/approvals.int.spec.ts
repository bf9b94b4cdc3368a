import { newId } from '@countersign/kernel';
import { startTestPostgres } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ReadingGateway } from '../../test/reading-gateway.js';
import { approval, HASH } from '../../test/rows.js';

const W = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';
const A = '1b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';

let reading: ReadingGateway;
beforeAll(async () => {
  reading = await ReadingGateway.start(await startTestPostgres());
});
afterAll(() => reading.stop());

describe('approvals', () => {
  const ids = { group: newId(), role: newId(), mine: newId(), voted: newId(), closed: newId() };
  beforeAll(async () => {
    await reading.db
      .insertInto('approval_requests')
      .values([
        approval({ approval_id: A, workflow_id: W, approver_people: ['bob'], voters: ['carol'] }),
        approval({ approval_id: ids.group, approver_groups: ['trade-approvers'] }),
        approval({ approval_id: ids.role, approver_roles: ['risk-officer'] }),
        approval({ approval_id: ids.mine, requester: 'bob', approver_people: ['bob'] }),
        approval({ editors: ['bob'], approver_people: ['bob'] }),
        approval({ approver_people: ['bob'], policy: { level: 'DUAL', within: ['role:nobody'] } }),
        approval({ approval_id: ids.voted, approver_people: ['bob'], voters: ['erin', 'bob'] }),
        approval({ approval_id: ids.closed, approver_people: ['bob'], status: 'APPROVED' }),
      ])
      .execute();
    const decision = (approver: string, action: string, at: string) => ({
      decision_id: newId(),
      approval_id: A,
      approver,
      action,
      reason: 'why',
      subject_hash: HASH,
      qualified_by: 'group:x',
      at: new Date(at),
      scope: null,
    });
    await reading.db
      .insertInto('approval_decisions')
      .values([
        decision('dave', 'reject', '2026-11-24T09:02:00.123Z'),
        decision('carol', 'approve', '2026-11-24T09:01:00Z'),
      ])
      .execute();
  });

  const mine = async (as: string, query = '') =>
    (await reading.itemsOf(`/approvals?approver=me${query}`, as)).map(
      ({ approvalId }) => approvalId,
    );

  it('wait for those who can decide them now', async () => {
    expect((await mine('bob')).sort()).toEqual([A, ids.group].sort());
    expect((await mine('dave')).sort()).toEqual([ids.group, ids.role].sort());
    expect(await mine('alice')).toEqual([]);
    expect(await mine('bob', '&status=approved')).toEqual([]);
    expect(await reading.itemsOf('/approvals?approver=bob&limit=1', 'bob')).toHaveLength(1);
  });

  it('are listed with filters and what they are about', async () => {
    expect(await reading.itemsOf('/approvals?status=PENDING')).toHaveLength(7);
    expect(await reading.itemsOf(`/approvals?workflowId=${W.toUpperCase()}`)).toEqual([
      {
        approvalId: A,
        workflowId: W,
        bulkJobId: null,
        template: 'demo',
        businessKey: 'T-1',
        requester: 'alice',
        status: 'PENDING',
        level: 'DUAL',
        required: 2,
        approvals: 1,
        subject: { a: 1 },
        subjectHash: HASH,
        scope: null,
        createdAt: '2026-11-24T09:00:00.000Z',
        updatedAt: '2026-11-24T09:00:00.000Z',
        endedAt: null,
      },
    ]);
  });

  it('show their policy and votes, in order', async () => {
    const { body } = await reading.get(`/approvals/${A}`);
    expect(body).toMatchObject({
      approvalId: A,
      approvals: 1,
      subjectHash: HASH,
      policy: { level: 'DUAL' },
      votes: [
        { approver: 'carol', action: 'approve', at: '2026-11-24T09:01:00.000Z' },
        { approver: 'dave', action: 'reject', at: '2026-11-24T09:02:00.123Z', reason: 'why' },
      ],
    });
    expect((await reading.get(`/approvals/${ids.role}`)).body).toMatchObject({
      votes: [],
      approvals: 0,
    });
    expect((await reading.get(`/approvals/${newId()}`)).body.code).toBe('approval.not-found');
  });
});
