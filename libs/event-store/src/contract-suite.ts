import { afterAll, beforeAll, describe } from '@jest/globals';

import { appendContract } from './contract/append.js';
import { feedContract } from './contract/feed.js';
import type { StoreUnderTest } from './contract/given.js';
import { payloadContract } from './contract/payload.js';
import { subscribeContract } from './contract/subscribe.js';

export type { StoreUnderTest } from './contract/given.js';

/**
 * Declares the tests that every event store has to pass. They tolerate whatever else is in the store
 * and whoever else uses it: all categories are fresh and all reads start at the head.
 *
 * This entry is apart from the library's own because it imports Jest.
 */
export function eventStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let opened: StoreUnderTest | undefined;
    const subject = () => {
      if (opened === undefined) throw new Error('the store did not open');
      return opened;
    };
    beforeAll(async () => {
      opened = await open();
    }, 120_000);
    afterAll(async () => {
      await opened?.close();
    });

    appendContract(subject);
    payloadContract(subject);
    feedContract(subject);
    subscribeContract(subject);
  });
}
