import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import type { EventStore, FeedPage } from '../event-store.js';
import {
  atLeast,
  events,
  eventsOf,
  freshCategory,
  freshStream,
  idsOf,
  nth,
  pagesUntil,
  readToEnd,
  type Subject,
} from './given.js';

/** The global order as it grows. */
export function subscribeContract(subject: Subject): void {
  describe('subscribeAll', () => {
    const isCaughtUp = (pages: readonly FeedPage[]) => pages.at(-1)?.caughtUp === true;

    it('catches up in pages and goes on live', async () => {
      const { store, another } = subject();
      const other = await another();
      const category = freshCategory();
      const start = await store.head();
      const past = events(7);
      await store.append(freshStream(category), 'none', past);
      const live = events(4);
      const seen = pagesUntil(store, start, { categories: [category] }, atLeast(11), {
        maxPage: 2,
      });
      for (const [index, one] of live.entries()) {
        await sleep(20);
        await (index % 2 ? other : store).append(freshStream(category), 'none', [one]);
      }
      const pages = await seen;
      expect(idsOf(eventsOf(pages))).toEqual(idsOf([...past, ...live]));
      expect(Math.max(...pages.map((page) => page.events.length))).toBeLessThanOrEqual(2);
    });

    it('says when it has caught up, also where nothing matches, with the checkpoint to keep', async () => {
      const { store } = subject();
      const category = freshCategory();
      await store.append(freshStream(), 'none', events(3));
      const start = await store.head();
      const quiet = await pagesUntil(store, start, { categories: [category] }, isCaughtUp);
      expect(eventsOf(quiet)).toEqual([]);
      expect(quiet.at(-1)?.caughtUp).toBe(true);
      const next = events(1);
      await store.append(freshStream(category), 'none', next);
      const position = quiet.at(-1)?.position;
      const found = await pagesUntil(store, position, { categories: [category] }, atLeast(1));
      expect(idsOf(eventsOf(found))).toEqual(idsOf(next));
    });

    it('moves the checkpoint past events that do not match', async () => {
      const { store } = subject();
      const start = await store.head();
      await store.append(freshStream(), 'none', events(50));
      const last = (await store.head()) ?? '';
      const pages = await pagesUntil(
        store,
        start,
        { categories: [freshCategory()] },
        (all) => store.comparePositions(all.at(-1)?.position ?? last, last) >= 0,
      );
      expect(eventsOf(pages)).toEqual([]);
      expect(store.comparePositions(nth(pages, -1).position ?? '', last)).toBeGreaterThanOrEqual(0);
    });

    it('shows a later subscription what an earlier one was not interested in', async () => {
      const { store } = subject();
      const [one, two] = [freshCategory(), freshCategory()];
      const start = await store.head();
      const ended = new AbortController();
      const early: string[] = [];
      const follow = (async () => {
        const options = { signal: ended.signal };
        for await (const page of store.subscribeAll(start, { categories: [one] }, options)) {
          early.push(...idsOf(page.events));
        }
      })();
      const [wanted, unwanted] = [events(3), events(3)];
      await store.append(freshStream(one), 'none', wanted.slice(0, 2));
      await store.append(freshStream(two), 'none', unwanted);
      await store.append(freshStream(one), 'none', wanted.slice(2));
      for (let tries = 0; early.length < 3 && tries < 100; tries++) await sleep(20);
      const later = await pagesUntil(store, start, { categories: [two] }, atLeast(3));
      const both = await pagesUntil(store, start, { categories: [one, two] }, atLeast(6));
      expect(early).toEqual(idsOf(wanted));
      expect(idsOf(eventsOf(later))).toEqual(idsOf(unwanted));
      expect(eventsOf(both)).toHaveLength(6);
      ended.abort();
      await follow;
    });

    it('resumes after any event', async () => {
      const { store } = subject();
      const categories = [freshCategory()];
      const start = await store.head();
      const sent = events(6);
      await store.append(freshStream(categories[0]), 'none', sent);
      const first = eventsOf(await pagesUntil(store, start, { categories }, atLeast(6)));
      for (const [index, one] of first.slice(0, -1).entries()) {
        const rest = await pagesUntil(store, one.position, { categories }, atLeast(5 - index));
        expect(idsOf(eventsOf(rest))).toEqual(idsOf(sent.slice(index + 1)));
      }
    });

    it('shows all readers one order, each event once, while many write', async () => {
      const { store, another } = subject();
      const other = await another();
      const categories = [freshCategory(), freshCategory()];
      const start = await store.head();
      const readers = [store, other, store].map((one, index) => {
        const filter = { categories };
        return pagesUntil(one, start, filter, atLeast(240), { maxPage: 10 * index + 7 });
      });
      await Promise.all(
        Array.from({ length: 12 }, (_, writer) => writeTen(writer % 2 ? store : other)),
      );
      const seen = (await Promise.all(readers)).map((pages) => idsOf(eventsOf(pages)));
      const truth = idsOf(await readToEnd(store, start, { categories }));
      expect(new Set(truth).size).toBe(240);
      for (const ids of seen) expect(ids).toEqual(truth);

      async function writeTen(through: EventStore) {
        const stream = freshStream(categories[Math.random() < 0.5 ? 0 : 1]);
        for (let last = -1; last < 19; last += 2) {
          await through.append(stream, last < 0 ? 'none' : last, events(2));
        }
      }
    });

    it('ends when the signal fires, whether it waits or not', async () => {
      const { store } = subject();
      const categories = [freshCategory()];
      const start = await store.head();
      await store.append(freshStream(categories[0]), 'none', events(10));
      const inAPage = new AbortController();
      let pages = 0;
      const options = { maxPage: 2, signal: inAPage.signal };
      for await (const page of store.subscribeAll(start, { categories }, options)) {
        if (page.events.length > 0 && ++pages === 2) inAPage.abort();
      }
      expect(pages).toBe(2);
      const within = 300;
      const waiting = await pagesUntil(store, start, { categories }, () => false, { within });
      expect(eventsOf(waiting)).toHaveLength(10);
      const before = { signal: AbortSignal.abort() };
      for await (const _ of store.subscribeAll(start, {}, before)) throw new Error('not ended');
    });

    it('ends when the store is closed', async () => {
      const other = await subject().another();
      const ended = pagesUntil(other, await other.head(), {}, () => false);
      await sleep(100);
      await other.close();
      await ended;
      await other.close();
    });
  });
}
