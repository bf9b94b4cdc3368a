import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  faultsInDeals,
  faultsInPublished,
  faultsInStore,
  readPublished,
  readStore,
} from './src/audit.js';
import { Desk } from './src/desk.js';
import { tablesAndRebuild } from './src/read-tables.js';
import { settled } from './src/settled.js';
import { TestSystem } from './src/system.js';

const ROUNDS = 10;

describe('SIGKILL of all services at random moments under load', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await TestSystem.start();
  }, 60_000);

  afterAll(async () => {
    await system.stop();
  }, 60_000);

  it('loses nothing that was confirmed and does nothing twice', async () => {
    const desk = await Desk.open(system);
    const closing = new AbortController();
    const work = desk.work(16, closing.signal);
    let unpublished = 0;
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(Math.random() * 600);
      await system.kill();
      const [stored, published] = await Promise.all([readStore(system), readPublished(system)]);
      unpublished += stored.length - new Set(published.map(({ event }) => event.id)).size;
      await system.up();
    }
    await sleep(300);
    closing.abort();
    await work;
    await settled(system);

    // The kills did fall between append and relay.
    expect(unpublished).toBeGreaterThan(0);
    expect(desk.refusals.length).toBeGreaterThan(ROUNDS);
    expect(desk.deals.length).toBeGreaterThan(ROUNDS);
    const stored = await readStore(system);
    expect(faultsInStore(stored, desk.acknowledged)).toEqual([]);
    expect(faultsInDeals(stored, desk.deals)).toEqual([]);
    expect(faultsInPublished(stored, await readPublished(system))).toEqual([]);
    const { inUse, rebuilt } = await tablesAndRebuild(system);
    expect(inUse).toEqual(rebuilt);
  }, 300_000);
});
