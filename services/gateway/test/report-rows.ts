import type { ReadModel } from '@countersign/contracts';
import { derivedId } from '@countersign/kernel';
import type { Insertable, Kysely } from 'kysely';

import { approval, HASH } from './rows.js';

/** The one behind Erin's decision on behalf of Grace. */
export const DELEGATION = derivedId('report', 'delegation');

export const id = (name: string) => derivedId('report', name);
/** A moment of the 10th of November 2026, so many seconds after nine. */
export const at = (seconds: number) =>
  new Date(Date.parse('2026-11-10T09:00:00Z') + seconds * 1000);

const asked = (name: string, row: Parameters<typeof approval>[0] = {}) =>
  approval({ approval_id: id(name), created_at: at(0), ...row });
const over = (status: string, seconds: number) => ({ status, ended_at: at(seconds) });

let decisions = 0;
export const decided = (
  name: string,
  approver: string,
  seconds: number,
  more: Partial<Insertable<ReadModel['approval_decisions']>> = {},
): Insertable<ReadModel['approval_decisions']> => ({
  decision_id: derivedId('decision', String(decisions++)),
  approval_id: id(name),
  stage: 0,
  approver,
  on_behalf_of: null,
  delegations: [],
  action: 'approve',
  reason: 'why',
  qualified_by: 'group:x',
  signature: null,
  subject: null,
  subject_hash: HASH,
  status: 'COUNTED',
  void_at: null,
  at: at(seconds),
  scope: null,
  ...more,
});

export const step = (
  name: string,
  revision: number,
  kind: string,
  seconds: number,
  data: object,
): Insertable<ReadModel['approval_log']> => ({
  approval_id: id(name),
  revision,
  kind,
  actor: 'whoever',
  at: at(seconds),
  data: data as never,
  scope: null,
});

/** What happened on the 10th of November 2026, and a little of the days before. */
export async function fillReport(db: Kysely<ReadModel>): Promise<void> {
  const ad_hoc = { template: null, business_key: null };
  await db
    .insertInto('approval_requests')
    .values([
      asked('one', { requester: 'alice', ...over('APPROVED', 100), voters: ['bob', 'carol'] }),
      asked('two', { requester: 'bob', ...over('REJECTED', 300), voters: ['alice', 'erin'] }),
      asked('three', {
        requester: 'bob',
        ...ad_hoc,
        ...over('APPROVED', 200),
        voters: ['alice'],
      }),
      asked('auto', { level: 'AUTO', ...over('APPROVED', 0) }),
      asked('override', {
        ...{
          requester: 'carol',
          ...over('APPROVED', 50),
          overridden_by: 'dave',
          review: 'CLOSED',
        },
      }),
      asked('unreviewed', {
        ...{ requester: 'carol', ...over('APPROVED', 60), overridden_by: 'erin', review: 'OPEN' },
      }),
      asked('late', { requester: 'erin', ...over('TIMED_OUT', 3600) }),
      asked('open', { requester: 'erin', editors: ['frank'], voters: ['grace'] }),
      asked('before', { created_at: at(-90_000), ...over('WITHDRAWN', -80_000) }),
      asked('ended-within', { created_at: at(-90_000), ...over('CANCELLED', 10) }),
    ])
    .execute();
  await db
    .insertInto('approval_decisions')
    .values([
      // Bob changed his mind: his first decision is not the first that counts.
      decided('one', 'bob', 5, { status: 'REVOKED', void_at: at(6) }),
      decided('one', 'carol', 20),
      decided('one', 'bob', 100, { stage: 1 }),
      decided('two', 'alice', 40),
      decided('two', 'erin', 300, {
        action: 'reject',
        on_behalf_of: 'grace',
        delegations: [DELEGATION],
      }),
      decided('three', 'alice', 90),
      decided('open', 'heidi', 1, { status: 'VOID', void_at: at(2) }),
      decided('open', 'grace', 1000),
      decided('before', 'carol', -85_000),
    ])
    .execute();
  const refusal = { actor: 'carol', action: 'approve', message: 'no' };
  await db
    .insertInto('approval_log')
    .values([
      step('one', 2, 'stage-completed', 30, { stage: 0, next: { stage: 1 } }),
      step('open', 1, 'subject-changed', 400, { material: false }),
      step('open', 2, 'subject-changed', 700, { material: true }),
      step('open', 3, 'subject-changed', 1100, { material: true }),
      step('override', 1, 'overridden', 50, {
        ...{ overriddenBy: 'dave', reason: 'down', qualifiedBy: 'role:risk-officer' },
      }),
      step('override', 3, 'review-closed', 650, {
        ...{ closedBy: 'frank', verdict: 'justified', reason: 'it was down' },
      }),
      step('unreviewed', 1, 'overridden', 60, {
        ...{ overriddenBy: 'erin', reason: 'away', qualifiedBy: 'erin' },
      }),
      step('open', 4, 'decision-refused', 7, {
        ...{ ...refusal, actor: 'erin', code: 'approval.self-approval' },
      }),
      step('one', 3, 'decision-refused', 8, {
        ...{ ...refusal, onBehalfOf: 'bob', code: 'approval.already-decided' },
      }),
      step('one', 4, 'decision-refused', 9, { ...refusal, code: 'approval.stale-subject' }),
      step('one', 5, 'decision-refused', 9.5, {
        ...{ ...refusal, onBehalfOf: 'grace', code: 'approval.not-an-approver' },
      }),
      step('late', 1, 'escalated', 1800, {
        ...{ stage: 0, approvers: ['heidi', 'role:desk-head'], tier: 0, cause: 'timeout' },
      }),
      step('open', 5, 'escalated', 1900, {
        ...{ stage: 0, approvers: ['ivan'], cause: 'person', escalatedBy: 'grace', reason: 'x' },
      }),
      step('late', 2, 'timed-out', 3600, { outcome: 'reject', deadline: at(3600).toISOString() }),
    ])
    .execute();
}
