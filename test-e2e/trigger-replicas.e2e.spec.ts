import { TRADES_STREAM } from '@countersign/contracts';
import type { StoredEvent } from '@countersign/kernel';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient } from './src/api-client.js';
import { faultsInStore, readStore } from './src/audit.js';
import { connectAsService } from './src/bus.js';
import type { ServicesProcess } from './src/services-process.js';
import { settled } from './src/settled.js';
import { secondsOf, startedBy } from './src/started-by.js';
import { TestSystem } from './src/system.js';
import { tradeMapping } from './src/trades.js';

/** The event store may hold what earlier runs left: this run's names are its own. */
const run = randomUUID().slice(0, 8);
const EACH = `each-${run}`;
const CROSSING = `crossing-${run}`;
const TICKING = `ticking-${run}`;

const ROUNDS = 4;
const GROUPS = 3;
const NEW_TRIGGERS = 40;

describe('triggers of two replicas that are killed under load', () => {
  let system: TestSystem;
  let replica: ServicesProcess;
  let alice: ApiClient;
  let bus: NatsConnection;

  beforeAll(async () => {
    system = await TestSystem.start();
    replica = await system.startReplica();
    alice = await system.as('alice');
    bus = await connectAsService(system.nats);
  }, 120_000);

  afterAll(async () => {
    await bus.close();
    await replica.kill();
    await system.stop();
  }, 120_000);

  const create = async (trigger: object) => {
    const { status } = await alice.post('/triggers', { template: 'trade_approval', ...trigger });
    expect(status).toBe(201);
  };

  it('fire for what comes right after they are made, whoever of the replicas gets it', async () => {
    const names = Array.from({ length: NEW_TRIGGERS }, (_, index) => `new-${run}-${index}`);
    for (const name of names) {
      const id = `N-${name}`;
      await create({
        name,
        type: 'EVENT',
        subject: `trades.${name}`,
        businessKey: 'message.id',
        mapping: tradeMapping('message'),
      });
      const message = { id, notional: 1 };
      await jetstream(bus).publish(`trades.${name}`, JSON.stringify(message));
    }
    await settled(system);
    const stored = await readStore(system);
    expect(names.filter((name) => keysOf(stored, name).length !== 1)).toEqual([]);
  }, 120_000);

  it('fire once for each message, time and crossing, and lose none', async () => {
    await create({
      name: EACH,
      type: 'EVENT',
      subject: 'trades.load',
      businessKey: 'message.id',
      mapping: tradeMapping('message'),
    });
    await create({
      name: CROSSING,
      type: 'THRESHOLD',
      subject: 'trades.load',
      group: 'message.group',
      aggregate: 'count',
      window: 'PT1H',
      above: 20,
      rearmBelow: 0,
      businessKey: `"crossing ${run} " + group`,
      mapping: tradeMapping('{"id": group, "notional": aggregate}'),
    });
    await create({
      name: TICKING,
      type: 'SCHEDULED',
      cron: '* * * * * *',
      timeZone: 'UTC',
      missed: 'catch-up',
      context: tradeMapping('{"id": schedule.time, "notional": 1}'),
    });

    let published = 0;
    const loading = new AbortController();
    const load = (async () => {
      while (!loading.signal.aborted) {
        const message = {
          id: `L-${run}-${published}`,
          group: `g${published % GROUPS}`,
          notional: 1,
        };
        await jetstream(bus).publish('trades.load', JSON.stringify(message));
        published += 1;
        await sleep(60);
      }
    })();
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(500 + Math.random() * 1_000);
      const victim = round % 2 === 0 ? system : replica;
      await victim.kill();
      await victim.up();
    }
    await sleep(500);
    loading.abort();
    await load;
    await alice.post(`/triggers/${TICKING}/pause`, { reason: 'enough' });
    await settled(system);

    const stored = await readStore(system);
    expect(faultsInStore(stored, [])).toEqual([]);
    const each = keysOf(stored, EACH);
    expect(each).toHaveLength(published);
    expect(new Set(each).size).toBe(published);
    expect(keysOf(stored, CROSSING).sort()).toEqual(
      Array.from({ length: GROUPS }, (_, group) => `crossing ${run} g${group}`),
    );
    expect(countsOf(stored)).toEqual(
      Array.from({ length: GROUPS }, (_, group) => [
        `g${group}`,
        String(Math.floor((published + GROUPS - 1 - group) / GROUPS)),
      ]),
    );
    // Every second from the first to the last, each once.
    const seconds = secondsOf(stored, TICKING);
    const [first = 0] = seconds;
    expect(seconds.length).toBeGreaterThan(ROUNDS);
    expect(seconds).toEqual(Array.from(seconds, (_, index) => first + index));

    // The place in the stream is lost: every message comes once more, as after a crash before its ack.
    const manager = await jetstreamManager(bus);
    await manager.consumers.delete(TRADES_STREAM, 'workflow--triggers');
    await settledAgain(manager);
    await settled(system);
    const again = await readStore(system);
    expect(keysOf(again, EACH)).toHaveLength(published);
    expect(keysOf(again, CROSSING)).toHaveLength(GROUPS);
    expect(countsOf(again)).toEqual(countsOf(stored));
  }, 300_000);
});

interface Counted {
  readonly group: string;
  readonly aggregate: string;
}

function keysOf(stored: readonly StoredEvent[], trigger: string): string[] {
  return startedBy(stored, trigger).map(({ businessKey }) => businessKey);
}

/** What each group's window adds up to in the end. */
function countsOf(stored: readonly StoredEvent[]): [string, string][] {
  const last = new Map<string, string>();
  for (const { type, data } of stored) {
    if (type !== 'trigger.window-counted' || data['trigger'] !== CROSSING) continue;
    const { group, aggregate } = data as unknown as Counted;
    last.set(group, aggregate);
  }
  return [...last].sort(([a], [b]) => a.localeCompare(b));
}

/** Until the consumer is there again and has delivered the whole stream. */
async function settledAgain(manager: Awaited<ReturnType<typeof jetstreamManager>>): Promise<void> {
  for (;;) {
    const info = await manager.consumers
      .info(TRADES_STREAM, 'workflow--triggers')
      .catch(() => undefined);
    if (info && info.delivered.stream_seq > 0 && info.num_pending === 0) return;
    await sleep(200);
  }
}
