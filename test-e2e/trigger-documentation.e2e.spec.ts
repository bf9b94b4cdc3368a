import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import type { ApiClient } from './src/api-client.js';
import { connectAnonymously } from './src/bus.js';
import { TestSystem } from './src/system.js';

interface Item {
  readonly outcome: string;
  readonly window?: { readonly aggregate: string };
}

/** The event store may hold what earlier runs left: this run's triggers and subjects are its own. */
const own = (name: string) => `${name}_${run}`;
const run = randomUUID().slice(0, 8);

describe('the documentation of triggers', () => {
  let system: TestSystem;
  let alice: ApiClient;

  beforeAll(async () => {
    system = await TestSystem.start();
    alice = await system.as('alice');
  }, 120_000);

  afterAll(async () => {
    await system.stop();
  }, 120_000);

  const dryRun = async (name: string, body: object): Promise<Item | undefined> => {
    const { body: reply } = await alice.post<{ items: Item[] }>(`/triggers/${name}/dry-run`, body);
    return reply.items[0];
  };

  it('shows triggers that can be created and fire', async () => {
    const text = await readFile(new URL('../docs/triggers.md', import.meta.url), 'utf8');
    const shown = [...text.matchAll(/^```json\n(.*?)^```$/gms)].map(
      ([, json = '']) =>
        JSON.parse(json) as { name: string; type: string; subject?: string; businessKey: string },
    );
    expect(shown.map(({ type }) => type).sort()).toEqual([
      'EVENT',
      'MANUAL',
      'SCHEDULED',
      'THRESHOLD',
    ]);
    for (const { name, subject, ...trigger } of shown) {
      const listens = subject === undefined ? {} : { subject: own(subject) };
      const mine = { ...trigger, name: own(name), ...listens };
      const { status, body } = await alice.post('/triggers', mine);
      expect([status, body]).toEqual([201, expect.anything()]);
      const trade = { desk: 'rates', notional: 60_000_000, currency: 'EUR', counterparty: 'ACME' };
      const byHand = { id: own('T-1'), amount: '60000000', with: 'ACME' };
      const sample =
        trigger.type === 'SCHEDULED' ? {} : { ...trade, ...byHand, tradeId: own('T-2') };
      expect(await dryRun(own(name), { sample })).toMatchObject({
        outcome: 'would-start',
        templateProblems: [],
      });
    }
  });

  it('tells administrators what a message would do to the window as it is', async () => {
    const name = own('desk_exposure');
    const upstream = await connectAnonymously(system.nats);
    const traded = { desk: 'rates', notional: 45_000_000 };
    upstream.publish(own('trades.executed'), JSON.stringify(traded));
    await upstream.flush();
    await upstream.close();
    const sample = { desk: 'rates', notional: 6_000_000 };
    const found = await eventually(async () => {
      const item = await dryRun(name, { sample });
      return item?.window?.aggregate !== '6000000' && item;
    });
    expect(found).toMatchObject({ outcome: 'would-start', window: { aggregate: '51000000' } });
    const empty = { outcome: 'would-not-fire', window: { aggregate: '6000000' } };
    expect(await dryRun(name, { sample, fromPresent: false })).toMatchObject(empty);
  });
});
