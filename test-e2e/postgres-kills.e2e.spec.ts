import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import { Desk } from './src/desk.js';
import { settled } from './src/settled.js';
import { TestSystem } from './src/system.js';
import { TestPostgres } from './src/test-postgres.js';
import { tradeContext } from './src/trades.js';
import { expectNothingLostOrDoubled } from './src/verdict.js';

const ROUNDS = 4;

interface Started {
  readonly workflowId: string;
  readonly position: string;
}

describe('SIGKILL of Postgres under load', () => {
  let postgres: TestPostgres;
  let system: TestSystem;

  beforeAll(async () => {
    postgres = await TestPostgres.start();
    system = await TestSystem.start({}, () => Promise.resolve(postgres));
  }, 120_000);

  afterAll(async () => {
    await system.stop();
  }, 120_000);

  it('is survived by the services, which lose nothing that was confirmed', async () => {
    const desk = await Desk.open(system);
    const closing = new AbortController();
    const work = desk.work(16, closing.signal);
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(500 + Math.random() * 500);
      await postgres.kill();
      // The last time long enough that everybody gives up.
      await sleep(round === ROUNDS - 1 ? 5_000 : Math.random() * 300);
      await postgres.up();
      const before = desk.deals.length;
      await eventually(() => Promise.resolve(desk.deals.length > before + 16), { within: 60_000 });
    }
    closing.abort();
    await work;
    expect((await fetch(`${system.base}/health/ready`)).status).toBe(200);
    await settled(system);

    // Refusals were all of the kind that says "try again": anything else ends the work above.
    expect(new Set(desk.refusals)).toEqual(new Set([503]));
    await expectNothingLostOrDoubled(system, desk);
  }, 240_000);

  it('comes back with what a reader has seen, or says that it is not there yet', async () => {
    const alice = await system.as('alice');
    const body = { template: 'trade_approval', context: tradeContext('read again') };
    const { body: started } = await alice.post<Started>('/workflows', body);
    const read = () => alice.get(`/workflows/${started.workflowId}`, started.position);
    expect((await read()).status).toBe(200);
    // The read tables are written without waiting for the disk: what they have just shown may be lost.
    await postgres.kill();
    await postgres.up();
    const statuses = new Set<number>();
    while (!statuses.has(200)) statuses.add((await read()).status);
    expect([...statuses].filter((status) => status !== 503)).toEqual([200]);
  }, 120_000);
});
