import { expect } from '@jest/globals';

import {
  faultsInDeals,
  faultsInPublished,
  faultsInStore,
  readPublished,
  readStore,
} from './audit.js';
import type { Desk } from './desk.js';
import { tablesAndRebuild } from './read-tables.js';
import type { TestSystem } from './system.js';

/**
 * Whatever was done to a system that has settled: what was confirmed is in the store once, outcomes were
 * applied, what is published is what is stored, and the read tables equal a rebuild.
 */
export async function expectNothingLostOrDoubled(system: TestSystem, desk: Desk): Promise<void> {
  const stored = await readStore(system);
  expect(faultsInStore(stored, desk.acknowledged)).toEqual([]);
  expect(faultsInDeals(stored, desk.deals)).toEqual([]);
  expect(faultsInPublished(stored, await readPublished(system))).toEqual([]);
  const { inUse, rebuilt } = await tablesAndRebuild(system);
  expect(inUse).toEqual(rebuilt);
}
