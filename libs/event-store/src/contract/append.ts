import { beforeEach, describe, expect, it } from '@jest/globals';

import { event, events, freshStream, idsOf, nth, positionOf, type Subject } from './given.js';

/** Expectations, conflicts, repeats, atomicity and writers that race. */
export function appendContract(subject: Subject): void {
  describe('append', () => {
    let stream: string;
    beforeEach(() => {
      stream = freshStream();
    });

    it('starts a stream and goes on at its last revision', async () => {
      const { store } = subject();
      const first = await store.append(stream, 'none', events(2));
      expect(first).toMatchObject({ outcome: 'appended', revision: 1 });
      const second = await store.append(stream, 1, events(1));
      expect(second).toMatchObject({ outcome: 'appended', revision: 2 });
      expect(store.comparePositions(positionOf(first), positionOf(second))).toBeLessThan(0);
    });

    it('conflicts when the stream is not where the writer believes', async () => {
      const { store } = subject();
      const nowhere = { outcome: 'conflict', revision: -1 };
      expect(await store.append(stream, 'exists', events(1))).toEqual(nowhere);
      expect(await store.append(stream, 0, events(1))).toEqual(nowhere);
      await store.append(stream, 'none', events(3));
      const elsewhere = { outcome: 'conflict', revision: 2 };
      expect(await store.append(stream, 'none', events(1))).toEqual(elsewhere);
      expect(await store.append(stream, 1, events(2))).toEqual(elsewhere);
      expect(await store.append(stream, 3, events(1))).toEqual(elsewhere);
      expect(await store.readStream(stream)).toHaveLength(3);
    });

    it('appends to whatever end an existing stream has', async () => {
      const { store } = subject();
      await store.append(stream, 'none', events(2));
      expect(await store.append(stream, 'exists', events(2))).toMatchObject({
        outcome: 'appended',
        revision: 3,
      });
    });

    it.each(['none', 1, 'exists'] as const)(
      'answers a repeat expecting %s with what is stored',
      async (expected) => {
        const { store } = subject();
        if (expected !== 'none') await store.append(stream, 'none', events(2));
        const batch = events(2);
        const first = await store.append(stream, expected, batch);
        await store.append(stream, 'exists', events(1));
        const length = (await store.readStream(stream)).length;
        const repeat = batch.map((one) => ({ ...one, data: { decided: 'again' } }));
        expect(await store.append(stream, expected, repeat)).toEqual({
          ...first,
          outcome: 'duplicate',
        });
        const stored = await store.readStream(stream);
        expect(stored).toHaveLength(length);
        expect(stored.some((one) => 'decided' in one.data)).toBe(false);
      },
    );

    it('takes known ids at another revision, or known beside new ones, for a conflict', async () => {
      const { store } = subject();
      const [a, b, c] = [event(), event(), event()];
      await store.append(stream, 'none', [a, b]);
      await store.append(stream, 1, [c]);
      const conflict = { outcome: 'conflict', revision: 2 };
      expect(await store.append(stream, 0, [a])).toEqual(conflict);
      expect(await store.append(stream, 'none', [a, event()])).toEqual(conflict);
      expect(await store.append(stream, 'none', [event(), b])).toEqual(conflict);
      expect(await store.readStream(stream)).toHaveLength(3);
    });

    it('stores an append once that is sent twice at the same time', async () => {
      const { store, another } = subject();
      const other = await another();
      for (let round = 0; round < 10; round++) {
        const name = freshStream();
        const batch = events(2);
        const results = await Promise.all([
          store.append(name, 'none', batch),
          other.append(name, 'none', batch),
          store.append(name, 'none', batch),
        ]);
        const outcomes = results.map(({ outcome }) => outcome).sort();
        expect(outcomes).toEqual(['appended', 'duplicate', 'duplicate']);
        expect(new Set(results.map(positionOf)).size).toBe(1);
        expect(idsOf(await store.readStream(name))).toEqual(idsOf(batch));
      }
    });

    it('lets exactly one of many start a stream', async () => {
      const { store, another } = subject();
      const other = await another();
      const results = await Promise.all(
        Array.from({ length: 16 }, (_, index) =>
          (index % 2 ? store : other).append(stream, 'none', events(2)),
        ),
      );
      const won = results.filter(({ outcome }) => outcome === 'appended');
      expect(won).toHaveLength(1);
      expect(results.every(({ revision }) => revision === 1)).toBe(true);
      expect(await store.readStream(stream)).toHaveLength(2);
    });

    it('gives each revision to one of many writers', async () => {
      const { store, another } = subject();
      const stores = [store, await another()];
      await store.append(stream, 'none', events(1));
      const written: string[] = [];
      await Promise.all(
        Array.from({ length: 6 }, async (_, writer) => {
          const mine = nth(stores, writer % 2);
          for (let count = 0, last = 0; count < 5;) {
            const one = event();
            const result = await mine.append(stream, last, [one]);
            last = result.revision;
            if (result.outcome !== 'appended') continue;
            written[result.revision] = one.eventId;
            count++;
          }
        }),
      );
      const stored = await store.readStream(stream, { from: 1 });
      expect(stored).toHaveLength(30);
      expect(idsOf(stored)).toEqual(written.slice(1));
    });

    it('answers appends that are sent without waiting in the order in which they were sent', async () => {
      const { store } = subject();
      const results = await Promise.all(
        Array.from({ length: 5 }, (_, index) =>
          store.append(stream, index === 0 ? 'none' : index - 1, events(1)),
        ),
      );
      expect(results.map(({ outcome }) => outcome)).toEqual(Array(5).fill('appended'));
    });
  });
}
