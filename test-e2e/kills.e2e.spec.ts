import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import { readPublished, readStore } from './src/audit.js';
import { Desk } from './src/desk.js';
import { settled } from './src/settled.js';
import { TestSystem } from './src/system.js';
import { expectNothingLostOrDoubled } from './src/verdict.js';

const ROUNDS = 10;

describe('SIGKILL of all services at random moments under load', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await TestSystem.start();
  }, 120_000);

  afterAll(async () => {
    await system.stop();
  }, 120_000);

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
    await expectNothingLostOrDoubled(system, desk);
  }, 300_000);
});
