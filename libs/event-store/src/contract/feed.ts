import { AppError } from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';

import {
  event,
  events,
  freshCategory,
  freshStream,
  idsOf,
  nth,
  positionOf,
  readToEnd,
  type Subject,
} from './given.js';

/** The global order, read in pages. */
export function feedContract(subject: Subject): void {
  describe('readAll', () => {
    it('reads every event after a position once, in pages of any size', async () => {
      const { store } = subject();
      const start = await store.head();
      const categories = [freshCategory()];
      const streams = [freshStream(categories[0]), freshStream(categories[0])];
      const sent = events(11);
      for (const [index, one] of sent.entries()) {
        const last = Math.floor(index / 2) - 1;
        await store.append(nth(streams, index % 2), last < 0 ? 'none' : last, [one]);
      }
      for (const max of [1, 3, 11, 100]) {
        expect(idsOf(await readToEnd(store, start, { categories }, max))).toEqual(idsOf(sent));
      }
      const unfiltered = await readToEnd(store, start, {});
      const own = unfiltered.filter((one) => streams.includes(one.stream));
      expect(idsOf(own)).toEqual(idsOf(sent));
    });

    it('goes on from any position that it gave out', async () => {
      const { store } = subject();
      const categories = [freshCategory()];
      const start = await store.head();
      const sent = events(5);
      await store.append(freshStream(categories[0]), 'none', sent);
      const all = await readToEnd(store, start, { categories });
      for (const [index, one] of all.entries()) {
        const rest = await readToEnd(store, one.position, { categories });
        expect(idsOf(rest)).toEqual(idsOf(sent.slice(index + 1)));
      }
    });

    it('never gives more than asked for', async () => {
      const { store } = subject();
      const categories = [freshCategory()];
      const start = await store.head();
      await store.append(freshStream(categories[0]), 'none', events(5));
      for (let at = start, left = 5; left > 0;) {
        const page = await store.readAll(at, { categories }, 2);
        expect(page.events.length).toBeLessThanOrEqual(2);
        left -= page.events.length;
        at = page.position;
      }
    });

    it('keeps to the categories asked for, and knows them from longer names', async () => {
      const { store } = subject();
      const [one, two] = [freshCategory(), freshCategory()];
      const longer = `${one}x`;
      const start = await store.head();
      const sent = [];
      for (const category of [one, longer, two, one, longer, two]) {
        const next = event({ category });
        sent.push(next);
        await store.append(freshStream(category), 'none', [next]);
      }
      const read = async (...categories: string[]) =>
        (await readToEnd(store, start, { categories }, 2)).map(({ data }) => data['category']);
      expect(await read(one)).toEqual([one, one]);
      expect(await read(one, two)).toEqual([one, two, one, two]);
      expect(await read(longer)).toEqual([longer, longer]);
      expect(await read(freshCategory())).toEqual([]);
    });

    it('answers the end with a position to go on from', async () => {
      const { store } = subject();
      const categories = [freshCategory()];
      await store.append(freshStream(categories[0]), 'none', events(1));
      const head = await store.head();
      const end = await store.readAll(head, { categories }, 10);
      expect(end).toMatchObject({ events: [], caughtUp: true });
      const next = event();
      await store.append(freshStream(categories[0]), 'none', [next]);
      const page = await store.readAll(end.position, { categories }, 10);
      expect(idsOf(page.events)).toEqual([next.eventId]);
    });

    it('shows an append to every client as soon as it is answered', async () => {
      const { store, another } = subject();
      const other = await another();
      const categories = [freshCategory()];
      const start = await store.head();
      for (let count = 1; count <= 20; count++) {
        await store.append(freshStream(categories[0]), 'none', events(1));
        expect(await readToEnd(other, start, { categories })).toHaveLength(count);
      }
    });
  });

  describe('positions', () => {
    it('order events as the feed does, and as each stream does', async () => {
      const { store } = subject();
      const category = freshCategory();
      const start = await store.head();
      const streams = Array.from({ length: 8 }, () => freshStream(category));
      await Promise.all(
        streams.map(async (stream) => {
          for (let last = -1; last < 9; last += 2) {
            await store.append(stream, last < 0 ? 'none' : last, events(2));
          }
        }),
      );
      const all = await readToEnd(store, start, { categories: [category] }, 7);
      expect(all).toHaveLength(80);
      for (const [index, one] of all.entries()) {
        const next = all[index + 1];
        if (next) expect(store.comparePositions(one.position, next.position)).toBeLessThan(0);
        expect(store.comparePositions(one.position, one.position)).toBe(0);
      }
      for (const stream of streams) {
        const own = all.filter((one) => one.stream === stream);
        expect(own).toEqual(await store.readStream(stream));
      }
    });

    it('of an append lie at or after its events and before the next', async () => {
      const { store } = subject();
      const stream = freshStream();
      const first = await store.append(stream, 'none', events(3));
      await store.append(stream, 2, events(1));
      const stored = await store.readStream(stream);
      const [last, next] = [nth(stored, 2).position, nth(stored, 3).position];
      const position = positionOf(first);
      expect(store.comparePositions(last, position)).toBeLessThanOrEqual(0);
      expect(store.comparePositions(position, next)).toBeLessThan(0);
      const head = await store.head();
      expect(store.comparePositions(next, head ?? '')).toBeLessThanOrEqual(0);
    });

    it.each(['', 'x', '-1', '1.5', '1e3', ' 1'])('are refused when malformed: "%s"', (position) => {
      const { store } = subject();
      const compare = () => store.comparePositions(position, position);
      expect(compare).toThrow(AppError);
      expect(compare).toThrow(expect.objectContaining({ kind: 'invalid' }));
    });
  });
}
