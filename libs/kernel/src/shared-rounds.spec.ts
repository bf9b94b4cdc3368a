import { describe, expect, it } from '@jest/globals';

import { SharedRounds } from './shared-rounds.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('SharedRounds', () => {
  /** Rounds that end when they are told to. */
  function given() {
    const begun: PromiseWithResolvers<undefined>[] = [];
    const rounds = new SharedRounds(() => {
      const round = Promise.withResolvers<undefined>();
      begun.push(round);
      return round.promise;
    });
    return { begun, rounds };
  }

  it('gives everybody a round that begins after they asked, shared by all who wait for it', async () => {
    const { begun, rounds } = given();
    const ended: string[] = [];
    const ask = (name: string) => rounds.next().then(() => ended.push(name));
    const first = ask('first');
    await turn();
    const others = [ask('second'), ask('third')];
    await turn();
    expect(begun).toHaveLength(1);
    begun[0]?.resolve(undefined);
    await first;
    await turn();
    expect([begun.length, ended]).toEqual([2, ['first']]);
    begun[1]?.resolve(undefined);
    await Promise.all(others);
    expect(ended).toEqual(['first', 'second', 'third']);
  });

  it('fails for those who shared the round, and goes on', async () => {
    const { begun, rounds } = given();
    const failed = rounds.next();
    await turn();
    const next = rounds.next();
    begun[0]?.reject(new Error('away'));
    await expect(failed).rejects.toThrow('away');
    await turn();
    begun[1]?.resolve(undefined);
    await expect(next).resolves.toBeUndefined();
  });
});
