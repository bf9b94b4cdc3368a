import { AppError } from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';

import { events, freshStream, nth } from '../contract/given.js';
import type { AppendResult } from '../event-store.js';
import { InMemoryEventStore } from '../in-memory-event-store.js';
import { prepareAppend } from '../prepared-event.js';
import type { Append } from './append-batch.js';
import { AppendQueue, type AppendQueueOptions } from './append-queue.js';
import { arbitraryAppends, newEventOf, play, type Send } from './append-model.js';

class RolledBack extends Error {}
class Deadlock extends RolledBack {}
class Lost extends Error {}

function queueOn(send: AppendQueueOptions['send'], more: Partial<AppendQueueOptions> = {}) {
  return new AppendQueue({
    send,
    isRolledBack: (error) => error instanceof RolledBack,
    isTransient: (error) => error instanceof Deadlock,
    maxInFlight: 2,
    maxEvents: 10,
    maxCharacters: 100_000,
    maxWaiting: 1_000,
    maxWaitMs: 1_000,
    ...more,
  });
}

const done: AppendResult = { outcome: 'appended', revision: 0, position: '1' };
const append = (stream = freshStream(), count = 1): Append => ({
  stream,
  expected: 'none',
  events: prepareAppend(stream, 'none', events(count)),
});

describe('AppendQueue', () => {
  /** A sender whose batches stay under way until they are let go. */
  function held() {
    const batches: (readonly Append[])[] = [];
    const letGo: (() => void)[] = [];
    const send = async (batch: readonly Append[]) => {
      batches.push(batch);
      await new Promise<void>((resolve) => letGo.push(resolve));
      return batch.map(() => done);
    };
    return { batches, send, finish: () => letGo.splice(0).forEach((resolve) => resolve()) };
  }
  const turn = () => sleep(2);

  it('sends a lone append at once, and what comes meanwhile together', async () => {
    const { batches, send, finish } = held();
    const queue = queueOn(send, { maxInFlight: 1 });
    const first = queue.add(append());
    await turn();
    expect(batches.map(({ length }) => length)).toEqual([1]);
    const rest = Array.from({ length: 5 }, () => queue.add(append()));
    await turn();
    expect(batches).toHaveLength(1);
    finish();
    await first;
    await turn();
    expect(batches.map(({ length }) => length)).toEqual([1, 5]);
    finish();
    await Promise.all(rest);
  });

  it('sorts a batch by stream and takes one append a stream', async () => {
    const { batches, send, finish } = held();
    const queue = queueOn(send);
    const names = ['b-1', 'a-1', 'b-1', 'c-1', 'a-1'];
    const all = names.map((name) => queue.add(append(name)));
    await turn();
    expect(batches.map((batch) => batch.map(({ stream }) => stream))).toEqual([
      ['a-1', 'b-1', 'c-1'],
    ]);
    finish();
    await turn();
    expect(batches[1]?.map(({ stream }) => stream)).toEqual(['a-1', 'b-1']);
    finish();
    await Promise.all(all);
  });

  it('keeps batches within bounds, but for a single append that is larger', async () => {
    const { batches, send, finish } = held();
    const queue = queueOn(send, { maxInFlight: 1, maxEvents: 4 });
    const all = [3, 2, 9, 1].map((count) => queue.add(append(undefined, count)));
    for (let count = 0; count < 4; count++) {
      await turn();
      finish();
    }
    await Promise.all(all);
    const sizes = batches.map((batch) => batch.map((one) => one.events.length));
    expect(sizes.map((list) => list.sort())).toEqual([[3], [2], [9], [1]]);
  });

  it('fails only the append that cannot be stored', async () => {
    const poison = append();
    const queue = queueOn((batch) => {
      const isPoisoned = batch.some((one) => one.stream === poison.stream);
      return isPoisoned ? Promise.reject(new RolledBack()) : Promise.resolve(batch.map(() => done));
    });
    const all = [append(), append(), poison, append()].map((one) => queue.add(one));
    const results = await Promise.allSettled(all);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  it('repeats what may go through next time, and never what may be stored already', async () => {
    let attempts = 0;
    const flaky = queueOn((batch) =>
      ++attempts < 3 ? Promise.reject(new Deadlock()) : Promise.resolve(batch.map(() => done)),
    );
    expect(await flaky.add(append())).toBe(done);
    attempts = 0;
    const lost = queueOn(() => {
      attempts++;
      return Promise.reject(new Lost());
    });
    const results = await Promise.allSettled([lost.add(append()), lost.add(append())]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(attempts).toBe(1);
  });

  it('refuses what would wait too long, and drains before it is idle', async () => {
    const { send, finish } = held();
    const queue = queueOn(send, { maxInFlight: 1, maxWaiting: 2, maxWaitMs: 20 });
    const first = queue.add(append());
    await turn();
    const waiting = [queue.add(append()), queue.add(append())];
    await expect(queue.add(append())).rejects.toBeInstanceOf(AppError);
    let idle = false;
    const drained = queue.idle().then(() => (idle = true));
    await sleep(40);
    expect(idle).toBe(false);
    finish();
    expect(await first).toBe(done);
    for (const one of waiting) await expect(one).rejects.toMatchObject({ kind: 'unavailable' });
    await drained;
    expect(idle).toBe(true);
  });

  it('answers any mix of appends as if each had been sent alone, in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitraryAppends, { maxLength: 4 }),
        fc.infiniteStream(fc.constantFrom('fail', 'wait', 'go')),
        async (rounds, whims) => {
          const behind = new InMemoryEventStore();
          const model = new InMemoryEventStore();
          const failures = new Map<unknown, number>();
          const queue = queueOn(
            async (batch) => {
              const whim = nth([...whims.take(1)], 0);
              // Never so often that the queue gives one of them up.
              const counts = batch.map(({ events: key }) => failures.get(key) ?? 0);
              if (whim === 'fail' && Math.max(...counts) < 3) {
                for (const { events: key } of batch) {
                  failures.set(key, (failures.get(key) ?? 0) + 1);
                }
                throw new RolledBack();
              }
              if (whim === 'wait') await sleep(1);
              return Promise.all(
                batch.map((one) =>
                  behind.append(one.stream, one.expected, one.events.map(newEventOf)),
                ),
              );
            },
            { isTransient: () => true, maxEvents: 5 },
          );
          const send: Send = (stream, expected, list) =>
            queue.add({ stream, expected, events: prepareAppend(stream, expected, list) });
          await play(rounds, send, model);
        },
      ),
      { numRuns: 100 },
    );
  });
});
