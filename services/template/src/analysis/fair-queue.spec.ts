import { describe, expect, it } from '@jest/globals';

import { FairQueue } from './fair-queue.js';

describe('the fair queue', () => {
  const drained = (queue: FairQueue<string>): string[] => {
    const items: string[] = [];
    for (let item = queue.take(); item !== undefined; item = queue.take()) items.push(item);
    return items;
  };

  it('gives each party its turn, and keeps the order within one', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) queue.add(item.charAt(0), item);
    expect([queue.size, queue.sizeOf('a'), queue.sizeOf('z')]).toEqual([6, 3, 0]);
    expect(drained(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect([queue.size, queue.sizeOf('a')]).toEqual([0, 0]);
  });

  it('gives the turn to whoever has had none for the longest time, also after a pause', () => {
    const queue = new FairQueue<string>();
    queue.add('a', 'a1');
    expect(queue.take()).toBe('a1');
    queue.add('b', 'b1');
    expect(queue.take()).toBe('b1');
    for (const item of ['b2', 'a2', 'c1']) queue.add(item.charAt(0), item);
    expect(drained(queue)).toEqual(['c1', 'a2', 'b2']);
  });

  it('forgets what is removed', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a1', 'a2', 'b1']) queue.add(item.charAt(0), item);
    queue.remove('a', 'a1');
    queue.remove('b', 'b1');
    queue.remove('b', 'never there');
    expect(queue.size).toBe(1);
    expect(drained(queue)).toEqual(['a2']);
  });

  it('does not remember every party for ever', () => {
    const queue = new FairQueue<string>(2);
    for (const party of ['a', 'b', 'c']) {
      queue.add(party, party);
      queue.take();
    }
    // Of `a` nothing is known any more: it comes before the others.
    for (const party of ['c', 'b', 'a']) queue.add(party, party);
    expect(drained(queue)).toEqual(['a', 'b', 'c']);
  });
});
