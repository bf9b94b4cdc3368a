import type { StoredEvent } from '@countersign/kernel';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ApiClient, ApiReply } from './src/api-client.js';
import { faultsInStore, readStore } from './src/audit.js';
import { settled } from './src/settled.js';
import { TestSystem } from './src/system.js';
import { tradeContext } from './src/trades.js';

const TIMES = 150;
const AT_ONCE = 25;
const outcomes = ['approval.granted', 'approval.rejected', 'approval.cancelled'];

interface Started {
  readonly workflowId: string;
  readonly approvalId: string;
  readonly position: string;
}
interface Decided extends Started {
  readonly approve: ApiReply;
  readonly reject: ApiReply;
}

describe('approve and reject at the same moment', () => {
  let system: TestSystem;
  let alice: ApiClient;
  let approver: ApiClient;
  let rejecter: ApiClient;
  let others: ApiClient[];

  beforeAll(async () => {
    system = await TestSystem.start();
    [alice, approver, rejecter, ...others] = (await Promise.all(
      ['alice', 'erin', 'frank', 'grace', 'heidi'].map((user) => system.as(user)),
    )) as [ApiClient, ApiClient, ApiClient, ...ApiClient[]];
  }, 120_000);

  afterAll(async () => {
    await system.stop();
  }, 120_000);

  const decide = (who: ApiClient, approvalId: string, action: string, subjectHash: string) =>
    who.post(`/approvals/${approvalId}/decisions`, { action, reason: 'because', subjectHash });

  /** A race for the last of so many approvals that it takes. */
  const oneRace = async (required: number, number: number): Promise<Decided> => {
    const policy = required === 2 ? { level: 'DUAL' } : { level: 'COMMITTEE', quorum: required };
    const { status, body } = await alice.post<Started>('/workflows', {
      template: 'trade_approval',
      context: tradeContext(`${required} ${number}`),
      overrides: { approvals: { approve: policy } },
    });
    expect(status).toBe(201);
    const { approvalId, position } = body;
    const open = await alice.get<{ subjectHash: string }>(`/approvals/${approvalId}`, position);
    const { subjectHash } = open.body;
    for (const other of others.slice(0, required - 1)) {
      expect((await decide(other, approvalId, 'approve', subjectHash)).status).toBe(202);
    }
    // Each goes first every other time, so that neither wins by its place in the queue.
    const inTurn = number % 2 === 0;
    const approve = () => decide(approver, approvalId, 'approve', subjectHash);
    const reject = () => decide(rejecter, approvalId, 'reject', subjectHash);
    const [one, other] = await Promise.all(inTurn ? [approve(), reject()] : [reject(), approve()]);
    return { ...body, approve: inTurn ? one : other, reject: inTurn ? other : one };
  };

  it('is not begun where nobody could ever meet what the overrides ask for', async () => {
    const start = (approvers: string[]) =>
      alice.post('/workflows', {
        template: 'trade_approval',
        context: tradeContext('dead'),
        overrides: { approvals: { approve: { level: 'DUAL', approvers } } },
      });
    for (const approvers of [['group:nope'], ['alice', 'erin'], ['nobody', 'erin']]) {
      const { status, body } = await start(approvers);
      expect([status, body['code']]).toEqual([422, 'overrides.quorum-unreachable']);
    }
    expect((await start(['frank', 'erin'])).status).toBe(201);
  });

  it.each([2, 3])(
    `has one outcome, ${TIMES} times of ${TIMES}, where it takes %d approvals`,
    async (required) => {
      const decided: Decided[] = [];
      for (let from = 0; from < TIMES; from += AT_ONCE) {
        const numbers = Array.from({ length: AT_ONCE }, (_, at) => from + at);
        decided.push(...(await Promise.all(numbers.map((number) => oneRace(required, number)))));
      }
      await settled(system);
      const stored = await readStore(system);
      expect(faultsInStore(stored, [])).toEqual([]);
      const streams = Map.groupBy(stored, ({ stream }) => stream);
      const won = decided.map((race) => winnerOf(race, streams));
      expect(won).not.toContain(undefined);
      // Otherwise it was no race.
      expect(new Set(won)).toEqual(new Set(['approve', 'reject']));
      for (const [index, { workflowId }] of decided.entries()) {
        const { body } = await alice.get(`/workflows/${workflowId}`);
        const state = won[index] === 'approve' ? 'released' : 'rejected';
        expect(body).toMatchObject({ status: 'COMPLETED', state });
      }
    },
    120_000,
  );
});

/** Who won, if everybody was told so and the record agrees; undefined when anything is amiss. */
function winnerOf(
  { approvalId, workflowId, approve, reject }: Decided,
  streams: ReadonlyMap<string, readonly StoredEvent[]>,
): 'approve' | 'reject' | undefined {
  const inStream = (stream: string) => (streams.get(stream) ?? []).map(({ type }) => type);
  const ended = inStream(`approval-${approvalId}`).filter((type) => outcomes.includes(type));
  const completed = inStream(`workflow-${workflowId}`).filter((t) => t === 'workflow.completed');
  if (ended.length !== 1 || completed.length !== 1) return undefined;
  const winner = ended[0] === 'approval.granted' ? 'approve' : 'reject';
  const [told, loser] = winner === 'approve' ? [approve, reject] : [reject, approve];
  const refused = loser.status === 422 && loser.body['code'] === 'approval.not-open';
  return told.status === 202 && refused ? winner : undefined;
}
