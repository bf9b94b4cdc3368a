import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import type { ApiClient } from './src/api-client.js';
import { TestSystem } from './src/system.js';
import { publish } from './src/templates.js';

interface Incident {
  readonly incidentId: string;
  readonly code: string;
  readonly trigger: string | null;
  readonly source: object;
}

/** The event store may hold what earlier runs left: this run's names are its own. */
const name = `told_${randomUUID().slice(0, 8)}`;

let system: TestSystem;
let alice: ApiClient;

beforeAll(async () => {
  system = await TestSystem.start();
  alice = await system.as('alice');
}, 120_000);
afterAll(() => system.stop(), 60_000);

const waitingFor = (signal: string) => ({
  name,
  initial: 'open',
  states: [{ name: 'open' }, { name: 'done', final: 'completed' as const }],
  transitions: [{ event: 'amend', from: 'open', to: 'done', trigger: { signal } }],
});

async function incidents(status: string): Promise<Incident[]> {
  const { body } = await alice.get<{ items: Incident[] }>(`/incidents?status=${status}`);
  return body.items.filter(({ trigger }) => trigger === name);
}
const found = (status: string) =>
  eventually(async () => {
    const items = await incidents(status);
    return items.length > 0 && items;
  });

it('a version that drops what a trigger signals is an incident of the trigger, until one has it again', async () => {
  await publish(system, waitingFor('amended'));
  const created = await alice.post('/triggers', {
    name,
    type: 'EVENT',
    subject: `trades.${name}`,
    businessKey: 'message.id',
    mapping: 'message',
    template: name,
    whenRunning: 'signal',
    signal: { name: 'amended' },
  });
  expect(created.status).toBe(201);
  await publish(system, waitingFor('corrected'));
  await publish(system, waitingFor('withdrawn'));
  const open = await found('open');
  expect(open).toMatchObject([
    { code: 'workflow.unknown-signal', source: { template: name, version: 2 } },
  ]);
  const retry = () => alice.post(`/incidents/${open[0]?.incidentId ?? ''}/retry`, {});
  const early = await retry();
  expect([early.status, early.body['code']]).toEqual([422, 'workflow.unknown-signal']);
  await publish(system, waitingFor('amended'));
  const retried = await retry();
  expect([retried.status, retried.body['outcomes']]).toEqual([
    202,
    [{ trigger: name, outcome: 'heard' }],
  ]);
  await found('resolved');
  expect(await incidents('open')).toEqual([]);
}, 120_000);
