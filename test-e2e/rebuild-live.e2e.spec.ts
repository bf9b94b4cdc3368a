import { rebuildAndSwap } from '@countersign/projector';
import { eventually } from '@countersign/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { withStore } from './src/audit.js';
import { Desk } from './src/desk.js';
import { checkpointOf, projected, tablesAndRebuild, withDatabase } from './src/read-tables.js';
import { TestSystem } from './src/system.js';

const SWAPS = 6;

describe('rebuilding the read tables while they are in use', () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await TestSystem.start();
  }, 120_000);

  afterAll(async () => {
    await system.stop();
  }, 120_000);

  /** Reads for as long as it may, and answers everything that a reader should never see. */
  const read = async (desk: Desk, signal: AbortSignal): Promise<string[]> => {
    const alice = await system.as('alice');
    const faults: string[] = [];
    const completed = new Set<string>();
    const get = async (path: string) => {
      const { status, body } = await alice.get(path);
      if (status !== 200) faults.push(`${path}: ${status} ${String(body['code'])}`);
      return body;
    };
    while (!signal.aborted) {
      await get('/workflows?limit=50');
      await get('/approvals?status=pending&approver=me');
      // From some time back, so that most are there by now.
      for (const { workflowId } of desk.deals.slice(-40, -20)) {
        const { status } = await get(`/workflows/${workflowId}`);
        if (status === 'COMPLETED') completed.add(workflowId);
        else if (completed.has(workflowId)) faults.push(`${workflowId}: back to ${String(status)}`);
      }
    }
    return faults;
  };

  /** Looks whether the checkpoint ever moves back. */
  const watch = (signal: AbortSignal): Promise<string[]> =>
    withDatabase(system, async (client) => {
      const faults: string[] = [];
      for (let last = 0; !signal.aborted;) {
        const now = Number(await checkpointOf(client));
        if (now < last) faults.push(`from ${last} back to ${now}`);
        last = now;
      }
      return faults;
    });

  it('shows no error and no step back to readers, and ends with the right tables', async () => {
    const desk = await Desk.open(system);
    const closing = new AbortController();
    const work = desk.work(8, closing.signal);
    await eventually(() => Promise.resolve(desk.deals.length > 60), { within: 60_000 });
    const { signal } = closing;
    const faults = Promise.all([1, 2, 3].map(() => read(desk, signal)).concat(watch(signal)));
    // A test that fails before it waits for them says why by itself.
    faults.catch(() => undefined);

    await withStore(system, (store) =>
      withDatabase(system, async (client) => {
        for (let swap = 0; swap < SWAPS; swap++) {
          const before = desk.deals.length;
          await rebuildAndSwap(store, client);
          // The projector goes on, with the new tables.
          await eventually(() => Promise.resolve(desk.deals.length > before + 16), {
            within: 60_000,
          });
        }
      }),
    );
    closing.abort();
    await work;
    expect((await faults).flat()).toEqual([]);
    await projected(system);
    const { inUse, rebuilt } = await tablesAndRebuild(system);
    expect(inUse).toEqual(rebuilt);
  }, 240_000);
});
