import { derivedId, newId } from '@countersign/kernel';
import type { Person } from '@countersign/state-machine';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ApiClient } from './src/api-client.js';
import { faultsInApprovals, outcomesOf } from './src/approval-audit.js';
import type { Approval } from './src/approval-people.js';
import { faultsInPublished, faultsInStore, readPublished, readStore } from './src/audit.js';
import type { Acknowledged } from './src/desk.js';
import { tablesAndRebuild } from './src/read-tables.js';
import type { ServicesProcess } from './src/services-process.js';
import { settled } from './src/settled.js';
import { TestSystem } from './src/system.js';

const APPROVALS = 400;
/** Requests under way at the same moment. */
const AT_ONCE = 64;

const DECIDERS = ['dave', 'erin', 'frank', 'grace', 'leo', 'rosa', 'heidi'];
const POLICIES: readonly object[] = [
  { level: 'SINGLE', approvers: ['group:compliance'] },
  { level: 'DUAL', approvers: ['group:compliance', 'role:risk-officer'] },
  { level: 'COMMITTEE', quorum: 3, approvers: ['group:compliance', 'group:risk'], abstain: true },
  { level: 'COMMITTEE', quorum: { percent: 60 }, approvers: ['group:compliance'] },
  {
    stages: [
      { name: 'one', level: 'SINGLE', approvers: ['role:risk-officer'] },
      {
        name: 'two',
        level: 'DUAL',
        approvers: ['group:compliance', 'role:risk-officer'],
        rejection: { count: 2 },
      },
    ],
  },
  {
    level: 'DUAL',
    approvers: ['frank', 'grace', 'dave'],
    escalation: [{ after: 'PT1H', approvers: ['erin', 'leo'] }],
    material: ['/limit'],
  },
  { level: 'DUAL', approvers: ['group:compliance'], rejection: { veto: ['grace'] } },
  {
    level: 'DUAL',
    approvers: ['erin', 'frank', 'rosa'],
    expiry: { after: 'PT3S', outcome: 'reject' },
  },
];

type Move = (user: (name: string) => ApiClient) => Promise<{ status: number; body: unknown }>;

let system: TestSystem;
let replica: ServicesProcess;
/** Everybody, signed in at both processes. */
const clients = new Map<string, readonly ApiClient[]>();
const acknowledged: Acknowledged[] = [];

beforeAll(async () => {
  system = await TestSystem.start();
  replica = await system.startReplica();
  for (const name of ['alice', 'kim', ...DECIDERS]) {
    const bases = [system.base, replica.base];
    clients.set(name, await Promise.all(bases.map((base) => ApiClient.signIn(base, name))));
  }
}, 120_000);
afterAll(async () => {
  await replica.kill();
  await system.stop();
}, 120_000);

let turn = 0;
function as(name: string): ApiClient {
  const client = clients.get(name)?.[turn++ % 2];
  if (!client) throw new Error(`${name} is not signed in`);
  return client;
}

/** Does all of it, so much at the same moment. */
async function atOnce<T>(all: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  const work = all.entries();
  const one = async () => {
    for (const [index, act] of work) results[index] = await act();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return results;
}

async function ask(number: number): Promise<Approval> {
  const policy = POLICIES[number % POLICIES.length];
  const body = { subject: { limit: number, note: 'a' }, policy, reason: 'a race' };
  const reply = await as('alice').post<Approval>('/approvals', body);
  if (reply.status !== 201) throw new Error(JSON.stringify(reply.body));
  return reply.body;
}

/** What happens to one approval, in no order: most decide, some take back, ask others, change or withdraw. */
function movesOn({ approvalId, subjectHash }: Approval, number: number): Move[] {
  const path = `/approvals/${approvalId}`;
  const decide = (name: string, action: string, more: object = {}): Move => {
    return async (user) => {
      const client = user(name);
      const key = newId();
      const body = { action, reason: 'now', subjectHash, ...more };
      const reply = await client.post(`${path}/decisions`, body, { key });
      if (reply.status === 202) {
        const commandId = derivedId(name, `POST /api/v1${path}/decisions`, key);
        acknowledged.push({ commandId, type: 'approval.decision-recorded' });
      }
      return reply;
    };
  };
  const move = (name: string, what: string, body: object): Move => {
    return (user) => user(name).post(`${path}/${what}`, { reason: 'a race', ...body });
  };
  const rejecter = DECIDERS[number % DECIDERS.length] ?? 'erin';
  return [
    ...DECIDERS.filter((name) => name !== 'heidi').map((name) => decide(name, 'approve')),
    decide('heidi', 'approve', { onBehalfOf: 'frank' }),
    ...(number % 3 === 0 ? [decide(rejecter, 'reject'), decide('leo', 'abstain')] : []),
    ...(number % 2 === 0 ? [move('erin', 'revocations', {})] : []),
    ...(number % 4 === 1 ? [move('dave', 'escalations', {})] : []),
    ...(number % 5 === 0 ? [move('alice', 'subject', { subject: { limit: -1, note: 'b' } })] : []),
    ...(number % 7 === 0 ? [move('alice', 'withdrawals', {})] : []),
  ];
}

/** The same numbers each time, so that a failure comes again. */
function shuffled<T>(all: readonly T[], seed: number): T[] {
  let state = seed;
  const next = () => (state = (state * 48_271) % 2_147_483_647);
  return all
    .map((each) => ({ each, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ each }) => each);
}

/** Somebody who may decide leaves and comes back while others decide. */
async function comeAndGo(id: string, times: number): Promise<number> {
  const kim = as('kim');
  let changes = 0;
  for (let time = 0; time < times * 2; time++) {
    const { headers, body } = await kim.get<{ people: Person[] }>('/directory');
    const people = body.people.map((each) =>
      each.id === id ? { ...each, active: time % 2 === 1 } : each,
    );
    const ifMatch = { 'if-match': headers.get('etag') ?? '' };
    const put = await kim.call('PUT', '/directory', { body: { people }, headers: ifMatch });
    if (put.status === 200) changes += 1;
  }
  return changes;
}

describe('many people who decide many approvals at the same moment, on two processes', () => {
  it('give each of them one outcome, by its policy', async () => {
    const end = new Date(Date.now() + 3_600_000).toISOString();
    const standIn = { to: 'heidi', end, reason: 'away' };
    expect((await as('frank').post('/delegations', standIn)).status).toBe(201);

    const approvals = await atOnce(
      Array.from({ length: APPROVALS }, (_, number) => () => ask(number)),
    );
    const moves = approvals.flatMap((approval, number) =>
      shuffled(movesOn(approval, number), number + 1),
    );
    const [replies, changes] = await Promise.all([
      atOnce(moves.map((move) => () => move(as))),
      comeAndGo('rosa', 5),
    ]);
    expect(changes).toBe(10);
    const statuses = new Map<number, number>();
    for (const { status } of replies) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    expect([...statuses.keys()].sort()).toEqual([202, 403, 422]);

    await settled(system);
    const stored = await readStore(system);
    expect(faultsInApprovals(stored)).toEqual([]);
    expect(faultsInStore(stored, acknowledged)).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(APPROVALS);
    const outcomes = outcomesOf(stored);
    expect(outcomes.size).toBe(APPROVALS);
    const ended = new Set(outcomes.values());
    for (const kind of ['granted', 'rejected', 'withdrawn']) expect(ended).toContain(kind);

    expect(faultsInPublished(stored, await readPublished(system))).toEqual([]);
    const { inUse, rebuilt } = await tablesAndRebuild(system);
    expect(inUse).toEqual(rebuilt);
  }, 240_000);
});
