import { describe, expect, it } from '@jest/globals';

import { Turns } from './turns.js';

describe('turns', () => {
  it('are taken in order under one key, also after a failure, and not across keys', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const gate = Promise.withResolvers<undefined>();
    const first = turns.take('a', async () => {
      await gate.promise;
      log.push('a1');
      throw new Error('a1 fails');
    });
    const second = turns.take('a', () => Promise.resolve(log.push('a2')));
    await turns.take('b', () => Promise.resolve(log.push('b1')));
    gate.resolve(undefined);
    await expect(first).rejects.toThrow('a1 fails');
    await second;
    expect(log).toEqual(['b1', 'a1', 'a2']);
  });
});
