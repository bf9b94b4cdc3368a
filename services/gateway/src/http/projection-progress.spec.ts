import { invalid } from '@countersign/kernel';
import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import { ProjectionProgress } from './projection-progress.js';

/** A store of numbers, and a checkpoint moved by hand. */
class World {
  checkpoint: string | null = null;
  reads = 0;
  away = false;

  comparePositions(a: string, b: string): number {
    if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) throw invalid('event-store.bad-position', 'no');
    return Number(a) - Number(b);
  }

  readonly read = (): Promise<string | null> => {
    this.reads += 1;
    return this.away ? Promise.reject(new Error('away')) : Promise.resolve(this.checkpoint);
  };
}

let open: ProjectionProgress | undefined;
afterEach(() => {
  open?.close();
});

function start(options: { timeoutMs?: number; pollMs?: number } = {}) {
  const world = new World();
  const progress = new ProjectionProgress(world, world.read, { timeoutMs: 1_000, ...options });
  open = progress;
  return { world, progress };
}

const codeOf = (promise: Promise<unknown> | undefined): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => 'reached',
    (error: unknown) => (error as { code?: unknown }).code,
  );

describe('ProjectionProgress', () => {
  it('waits for nothing when nothing is asked for', () => {
    const { progress, world } = start();
    expect(progress.upTo(undefined)).toBeUndefined();
    expect(progress.upTo('')).toBeUndefined();
    expect(world.reads).toBe(0);
  });

  it.each(['abc', '1,2', ' ', '1 ', '-', '1\u0000', 7, ['1', '2']])('refuses %j', (position) => {
    const { progress } = start();
    expect(() => progress.upTo(position)).toThrow(
      expect.objectContaining({ code: 'query.bad-position', kind: 'invalid' }),
    );
  });

  /** It has read that the tables are at `1`. */
  async function started(options: { timeoutMs?: number; pollMs?: number } = {}) {
    const { progress, world } = start(options);
    world.checkpoint = '1';
    await progress.upTo('1');
    world.reads = 0;
    return { progress, world };
  }

  it('answers at once what is known to be reached', async () => {
    const { progress, world } = await started();
    progress.notice('10');
    expect(progress.upTo('10')).toBeUndefined();
    expect(progress.upTo('9')).toBeUndefined();
    expect(world.reads).toBe(0);
  });

  it('looks again after it has forgotten, whatever hints come first', async () => {
    const { progress, world } = await started({ pollMs: 5 });
    progress.notice('10');
    progress.forget();
    progress.notice('10');
    const wait = progress.upTo('10');
    expect(wait).toBeDefined();
    await sleep(20);
    progress.notice('9');
    expect(progress.upTo('9')).toBeUndefined();
    world.checkpoint = '10';
    expect(await codeOf(wait)).toBe('reached');
  });

  it('lets each go when its own position is noticed, in whatever order', async () => {
    const { progress, world } = await started();
    const done: string[] = [];
    const waits = ['7', '5', '9'].map((position) =>
      Promise.resolve(progress.upTo(position)).then(() => done.push(position)),
    );
    progress.notice('7');
    await sleep(5);
    expect(done.sort()).toEqual(['5', '7']);
    progress.notice('3');
    progress.notice('12');
    await Promise.all(waits);
    expect(progress.upTo('12')).toBeUndefined();
    expect(world.reads).toBe(0);
  });

  it('looks at the checkpoint right away after the start', async () => {
    const { progress, world } = start({ pollMs: 10_000 });
    world.checkpoint = '5';
    await progress.upTo('4');
    expect(world.reads).toBe(1);
  });

  it('finds out by itself when a hint is lost, and looks only while somebody waits', async () => {
    const { progress, world } = await started({ pollMs: 5 });
    const wait = progress.upTo('4');
    await sleep(15);
    world.checkpoint = '4';
    await wait;
    await sleep(15);
    const { reads } = world;
    await sleep(25);
    expect(world.reads).toBe(reads);
  });

  it('goes on when the database comes back', async () => {
    const { progress, world } = start({ pollMs: 5 });
    world.away = true;
    const wait = progress.upTo('4');
    await sleep(20);
    world.away = false;
    world.checkpoint = '4';
    expect(await codeOf(wait)).toBe('reached');
  });

  it('gives up after its time, and ignores hints that are none', async () => {
    const { progress } = start({ timeoutMs: 20 });
    const wait = progress.upTo('4');
    progress.notice('nonsense');
    expect(await codeOf(wait)).toBe('query.behind');
  });

  it('sends those who wait away when it closes', async () => {
    const { progress } = start();
    const wait = progress.upTo('4');
    progress.close();
    expect(await codeOf(wait)).toBe('query.behind');
  });
});
