import { AppError, type JsonObject, type NewEvent } from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';

import { MAX_EVENT_BYTES } from '../event-store.js';
import { event, events, freshStream, idsOf, type Subject } from './given.js';

/** What an event may hold, and reading streams back. */
export function payloadContract(subject: Subject): void {
  describe('what is appended', () => {
    const texts: [string, JsonObject][] = [
      ['other scripts', { text: 'Zürich 東京 القاهرة', clé: '😀\u2028' }],
      ['quotes and backslashes', { text: `"{}\\",'NULL'\\u0000 \\n \t\r\n`, list: ['', '{', ','] }],
      ['numbers', { big: 9_007_199_254_740_991, small: 1e-7, huge: 1.5e300, negative: -0.1 }],
      ['nesting', { a: { '@data': [[], {}, null, true, [{ b: false }]] } }],
    ];

    it.each(texts)('comes back as it was: %s', async (_, data) => {
      const { store } = subject();
      const stream = freshStream();
      const sent = event(data, { type: 'contract.kept', schemaVersion: 7 });
      await store.append(stream, 'none', [sent]);
      const [stored] = await store.readStream(stream);
      expect(stored).toEqual({ ...sent, stream, revision: 0, position: expect.any(String) });
    });

    it('may take 200 KiB an event', async () => {
      const { store } = subject();
      const stream = freshStream();
      const sent = Array.from({ length: 3 }, () => event({ text: 'é'.repeat(100 * 1024) }));
      await store.append(stream, 'none', sent);
      expect((await store.readStream(stream)).map(({ data }) => data)).toEqual(
        sent.map(({ data }) => data),
      );
    });

    const unstorable = 'event-store.unstorable-text';
    const refused: [string, string, () => NewEvent[]][] = [
      ['an empty append', 'event-store.empty-append', () => []],
      ['too many bytes', 'event-store.event-too-large', () => [event(bytes(MAX_EVENT_BYTES))]],
      ['a NUL in a value', unstorable, () => [event(), event({ a: [{ b: 'x\u0000' }] })]],
      ['a NUL in a key', unstorable, () => [event({ 'x\u0000': 1 })]],
      ['a lone surrogate', unstorable, () => [event({ text: 'x\ud800y' })]],
      ['bottomless nesting', 'event-store.unstorable-event', () => [event(nested(200_000))]],
      ['a NUL in the metadata', unstorable, () => [withActor('x\u0000')]],
    ];

    it.each(refused)('is refused whole: %s', async (_, code, make) => {
      const { store } = subject();
      const stream = freshStream();
      const failure = await store.append(stream, 'none', make()).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(AppError);
      expect(failure).toMatchObject({ kind: 'invalid', code });
      expect(await store.readStream(stream)).toEqual([]);
    });
  });

  describe('readStream', () => {
    it('finds nothing in a stream that does not exist', async () => {
      expect(await subject().store.readStream(freshStream())).toEqual([]);
    });

    it('reads from a revision, at most so many, oldest first', async () => {
      const { store } = subject();
      const stream = freshStream();
      const sent = events(10);
      await store.append(stream, 'none', sent.slice(0, 4));
      await store.append(stream, 3, sent.slice(4));
      const read = async (options?: { from?: number; max?: number }) =>
        idsOf(await store.readStream(stream, options));
      expect(await read()).toEqual(idsOf(sent));
      expect(await read({ from: 3 })).toEqual(idsOf(sent.slice(3)));
      expect(await read({ max: 2 })).toEqual(idsOf(sent.slice(0, 2)));
      expect(await read({ from: 8, max: 5 })).toEqual(idsOf(sent.slice(8)));
      expect(await read({ from: 10 })).toEqual([]);
      const revisions = (await store.readStream(stream, { from: 5 })).map((one) => one.revision);
      expect(revisions).toEqual([5, 6, 7, 8, 9]);
    });
  });
}

function bytes(count: number): JsonObject {
  return { text: 'x'.repeat(count) };
}

function nested(depth: number): JsonObject {
  let data: JsonObject = {};
  for (let level = 0; level < depth; level++) data = { a: data };
  return data;
}

function withActor(actor: string): NewEvent {
  const one = event();
  return { ...one, metadata: { ...one.metadata, actor } };
}
