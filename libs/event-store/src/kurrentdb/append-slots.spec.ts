import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { AppendSlots } from './append-slots.js';

describe('AppendSlots', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('starts no more appends than allowed, and the others in order', async () => {
    const slots = new AppendSlots(2);
    const started: number[] = [];
    const ends = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
    const results = ends.map(({ promise }, index) =>
      slots.run(() => {
        started.push(index);
        return promise;
      }, 1_000),
    );
    await settle();
    expect(started).toEqual([0, 1]);
    ends[1]?.resolve(1);
    await settle();
    expect(started).toEqual([0, 1, 2]);
    ends[0]?.reject(new Error('refused'));
    ends[2]?.resolve(2);
    await expect(results[0]).rejects.toThrow('refused');
    await settle();
    expect(started).toEqual([0, 1, 2, 3, 4]);
  });

  it('does not start what has waited too long', async () => {
    const slots = new AppendSlots(1);
    const first = Promise.withResolvers<number>();
    const running = slots.run(() => first.promise, 1_000);
    const late = slots.run(() => Promise.reject(new Error('started')), 1_000);
    const refused = expect(late).rejects.toMatchObject({ code: 'event-store.unavailable' });
    await jest.advanceTimersByTimeAsync(1_001);
    await refused;
    first.resolve(1);
    expect(await running).toBe(1);
    expect(await slots.run(() => Promise.resolve(2), 1_000)).toBe(2);
  });

  it('gives up on an append that never ends', async () => {
    const slots = new AppendSlots(1);
    void slots.run(() => new Promise(() => undefined), 1_000);
    await jest.advanceTimersByTimeAsync(29_500);
    const next = slots.run(() => Promise.resolve('next'), 1_000);
    await jest.advanceTimersByTimeAsync(600);
    expect(await next).toBe('next');
  });
});

async function settle(): Promise<void> {
  await jest.advanceTimersByTimeAsync(0);
}
