import type { StoredEvent } from '@countersign/kernel';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

import type { ApiClient } from './src/api-client.js';
import { eventsOf, faultsInBulkJob, faultsInStore, readStore } from './src/audit.js';
import { connectAsService } from './src/bus.js';
import { CommitGate } from './src/commit-gate.js';
import { projected } from './src/read-tables.js';
import type { ServicesProcess } from './src/services-process.js';
import { settled } from './src/settled.js';
import { secondsOf, startedBy } from './src/started-by.js';
import { TestSystem } from './src/system.js';
import { publish as publishTemplate } from './src/templates.js';
import { tradeMapping } from './src/trades.js';

const TIMEOUT_MS = 120_000;

interface Instance {
  readonly workflowId: string;
}

describe('two replicas, of which one is killed when an append is durable and before it learns of that', () => {
  let system: TestSystem;
  let replica: ServicesProcess;
  let gate: CommitGate;
  let alice: ApiClient;
  let bus: NatsConnection;

  beforeAll(async () => {
    system = await TestSystem.start();
    replica = await system.startReplica();
    gate = await CommitGate.open(system.database, [system.services, replica]);
    alice = await system.as('alice');
    bus = await connectAsService(system.nats);
    await publishTemplate(system, {
      name: 'briefly',
      initial: 'open',
      contextSchema: [{ name: 'book', type: 'string', indexed: true }],
      states: [
        { name: 'open', timeout: { after: 'PT2S', to: 'waiting' } },
        { name: 'waiting' },
        { name: 'done', final: 'completed' },
      ],
      transitions: [
        { event: 'again', from: 'waiting', to: 'open', trigger: { signal: 'again' } },
        { event: 'finish', from: 'waiting', to: 'done' },
      ],
    });
  }, TIMEOUT_MS);

  afterAll(async () => {
    await gate.close();
    await bus.close();
    await replica.kill();
    await system.stop();
  }, 120_000);

  const create = async (trigger: object) => {
    const template = { template: 'trade_approval', ...trigger };
    expect((await alice.post('/triggers', template)).status).toBe(201);
    await projected(system);
  };
  const publish = (subject: string, message: object) =>
    jetstream(bus).publish(subject, JSON.stringify(message));
  const event = (name: string) => ({
    name,
    type: 'EVENT',
    subject: `trades.${name}`,
    businessKey: 'message.id',
    mapping: tradeMapping('message'),
  });

  /** Everything in the store once nobody has anything to do any more; the record itself is sound. */
  async function storedInTheEnd(): Promise<StoredEvent[]> {
    await settled(system);
    const stored = await readStore(system);
    expect(faultsInStore(stored, [])).toEqual([]);
    return stored;
  }

  /** How many approvals each of the workflows has that a trigger has started. */
  const approvalsOf = (stored: readonly StoredEvent[], trigger: string) =>
    startedBy(stored, trigger).map(({ workflowId }) => {
      const requested = stored.filter(({ type }) => type === 'approval.requested');
      return requested.filter(({ data }) => data['workflowId'] === workflowId).length;
    });

  it(
    'a message starts one workflow, wherever on the way it happens',
    async () => {
      await create(event('killed'));
      // Whoever wants to know all triggers waits for the appends under way below others: there are no others yet.
      // The dead one's append goes through after the other has begun.
      const late = await gate.kill(
        `new.type = 'workflow.started' AND new.data->>'businessKey' = 'K-late'`,
        () => publish('trades.killed', { id: 'K-late', notional: 1 }),
        () => gate.untilBlocked(),
      );
      await late.up();
      const moments = ['businesskey.reserved', 'workflow.started', 'approval.requested'];
      for (const [number, type] of moments.entries()) {
        const victim = await gate.kill(`new.type = '${type}'`, () =>
          publish('trades.killed', { id: `K-${number}`, notional: 1 }),
        );
        await victim.up();
      }
      const stored = await storedInTheEnd();
      const keys = startedBy(stored, 'killed').map(({ businessKey }) => businessKey);
      expect(keys.sort()).toEqual(['K-0', 'K-1', 'K-2', 'K-late']);
      expect(approvalsOf(stored, 'killed')).toEqual([1, 1, 1, 1]);
      const reserved = stored.filter(({ type }) => type === 'businesskey.reserved');
      expect(reserved).toHaveLength(4);
    },
    TIMEOUT_MS,
  );

  it(
    'a window counts each message once, and fires once',
    async () => {
      await create({
        ...event('window'),
        type: 'THRESHOLD',
        group: '"all"',
        aggregate: 'count',
        window: 'PT1H',
        above: 3,
        rearmBelow: 0,
      });
      const send = (number: number) => publish('trades.window', { id: `W-${number}`, notional: 1 });
      const counted = (number: number) =>
        `new.type = 'trigger.window-counted' AND new.data->>'aggregate' = '${number}'`;
      await send(1);
      for (const [second, atOnce] of [
        [2, 1],
        [4, 2],
      ] as const) {
        const victim = await gate.kill(counted(second), async () => {
          for (let number = second; number < second + atOnce; number++) await send(number);
        });
        await victim.up();
        if (second === 2) await send(3);
      }
      const stored = await storedInTheEnd();
      const windows = stored.filter(({ type }) => type === 'trigger.window-counted');
      expect(windows.map(({ data }) => data['aggregate'])).toEqual(['1', '2', '3', '4', '5']);
      expect(approvalsOf(stored, 'window')).toEqual([1]);
      const fired = windows.filter(({ data }) => data['armed'] === false);
      expect(fired.map(({ data }) => data['aggregate'])).toEqual(['4', '5']);
    },
    TIMEOUT_MS,
  );

  it(
    'a schedule fires at each of its times once',
    async () => {
      const name = 'every_second';
      const register = () =>
        create({
          name,
          type: 'SCHEDULED',
          cron: '* * * * * *',
          timeZone: 'UTC',
          missed: 'catch-up',
          context: tradeMapping('{"id": schedule.time, "notional": 1}'),
        });
      const due = await gate.kill(`new.type = 'trigger.schedule-due'`, register);
      await due.up();
      const started = await gate.kill(
        `new.type = 'workflow.started' AND new.data->'trigger'->>'name' = '${name}'`,
        () => Promise.resolve(),
      );
      await started.up();
      await eventually(async () => startedBy(await readStore(system), name).length > 4, {
        within: 30_000,
      });
      await alice.post(`/triggers/${name}/pause`, { reason: 'enough' });
      const stored = await storedInTheEnd();
      expect(new Set(approvalsOf(stored, name))).toEqual(new Set([1]));
      const seconds = secondsOf(stored, name);
      const [first = 0] = seconds;
      expect(seconds).toEqual(Array.from(seconds, (_, index) => first + index));
      const decided = stored.flatMap(({ type, data }) =>
        type === 'trigger.schedule-due' ? (data['times'] as string[]) : [],
      );
      expect(decided.map((time) => Date.parse(time) / 1_000)).toEqual(seconds);
    },
    TIMEOUT_MS,
  );

  const startBriefly = async (book: string, businessKey = book) => {
    const body = { template: 'briefly', context: { book }, businessKey };
    return (await alice.post<Instance>('/workflows', body)).body.workflowId;
  };
  const movesOf = (stored: readonly StoredEvent[], workflowId: string) =>
    eventsOf(stored, 'workflow.transitioned', [workflowId]).map(({ data }) => data['trigger']);

  it(
    'a timer moves its instance once, and a signal once',
    async () => {
      let workflowId = '';
      const atTimeout = await gate.kill(
        `new.type = 'workflow.transitioned' AND new.data->>'trigger' = 'timeout'`,
        async () => (workflowId = await startBriefly('timed')),
      );
      await atTimeout.up();
      await eventually(async () => movesOf(await readStore(system), workflowId).length > 0, {
        within: 60_000,
      });

      const send = () =>
        alice.post(`/workflows/${workflowId}/signals`, { name: 'again' }, { key: 'signal-1' });
      const atSignal = await gate.kill(`new.type = 'workflow.signal-received'`, send);
      expect(atSignal.name).toBe(system.services.name);
      await atSignal.up();
      expect((await send()).status).toBe(202);
      await eventually(async () => movesOf(await readStore(system), workflowId).length > 2, {
        within: 60_000,
      });
      const stored = await storedInTheEnd();
      expect(movesOf(stored, workflowId)).toEqual(['timeout', 'signal', 'timeout']);
      expect(eventsOf(stored, 'workflow.signal-received', [workflowId])).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  it(
    'a signal that waits for its workflow is kept once',
    async () => {
      const key = { key: 'signal-2' };
      const signal = { template: 'briefly', businessKey: 'early', name: 'again', payload: {} };
      const send = () => alice.post('/signals', signal, key);
      const victim = await gate.kill(`new.type = 'businesskey.signal-kept'`, send);
      await victim.up();
      expect((await send()).status).toBe(202);
      const workflowId = await startBriefly('early');
      await eventually(async () => movesOf(await readStore(system), workflowId).length > 2, {
        within: 60_000,
      });
      const stored = await storedInTheEnd();
      expect(movesOf(stored, workflowId)).toEqual(['timeout', 'signal', 'timeout']);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['an-item', (last: string) => `new.type = 'workflow.cancelled' AND new.stream_id = '${last}'`],
    ['the-record', () => `new.type = 'bulkjob.items-processed'`],
  ])(
    'a bulk job changes each instance once when it happens at %s',
    async (book, at) => {
      const ids = await Promise.all(
        Array.from({ length: 12 }, (_, index) => startBriefly(book, `${book} ${index}`)),
      );
      await projected(system);
      const query = { template: 'briefly', context: { book } };
      const body = { action: 'cancel', query, reason: 'closed', expectedCount: ids.length };
      const ask = async () =>
        (await alice.post<{ jobId: string }>('/bulk-jobs', body, { key: book })).body.jobId;
      const victim = await gate.kill(at(`workflow-${ids[6] ?? ''}`), ask);
      await victim.up();
      const jobId = await ask();
      await eventually(
        async () => (await alice.get(`/bulk-jobs/${jobId}`)).body['status'] === 'COMPLETED',
        { within: 60_000 },
      );
      const stored = await storedInTheEnd();
      expect(faultsInBulkJob(stored, jobId, 'workflow.cancelled', ids)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
