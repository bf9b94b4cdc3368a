import { describe, expect, it } from '@jest/globals';
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';

import { after, decodeCursor, encodeCursor, type Place, toPage } from './cursor.js';

const ID = '0b2c4f0e-6a3c-4d8e-9d1b-0c1f6b6d2a11';

const db = new Kysely<{ things: { id: string } }>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (of) => new PostgresIntrospector(of),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

describe('cursor', () => {
  it('comes back as it went, and is safe in an address', () => {
    const place: Place = ['1795512345678901', ID];
    const cursor = encodeCursor(place);
    expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(decodeCursor(cursor)).toEqual(place);
  });

  it.each([
    '',
    'x',
    '%00',
    encodeCursor(['-1', ID]),
    encodeCursor(['99999999999999999', ID]),
    encodeCursor(['1', 'x']),
    Buffer.from('{"a":1}').toString('base64url'),
    Buffer.from(`["1","${ID}","more"]`).toString('base64url'),
  ])('refuses %j', (cursor) => {
    expect(() => decodeCursor(cursor)).toThrow(
      expect.objectContaining({ code: 'query.bad-cursor' }),
    );
  });

  it('keeps microseconds, in every time that it can hold', () => {
    const times = (micros: string) =>
      db
        .selectFrom('things')
        .where(after([micros, ID], 'thing_id'))
        .compile().parameters;
    expect(times('1795512345678901')).toEqual(['2026-11-24T09:25:45.678901Z', ID]);
    expect(times('1795512345000007')).toEqual(['2026-11-24T09:25:45.000007Z', ID]);
    expect(times('0')).toEqual(['1970-01-01T00:00:00.000000Z', ID]);
    expect(times('9999999999999999')).toEqual(['2286-11-20T17:46:39.999999Z', ID]);
  });
});

describe('toPage', () => {
  const rows = [3, 2, 1].map((n) => ({ n, created_micros: String(n) }));
  const page = (limit: number) =>
    toPage(
      rows,
      limit,
      () => ID,
      ({ n }) => n,
    );

  it('goes on after the last item shown', () => {
    const { items, nextCursor } = page(2);
    expect(items).toEqual([3, 2]);
    expect(nextCursor === null ? null : decodeCursor(nextCursor)).toEqual(['2', ID]);
  });

  it('ends when there is no more', () => {
    expect(page(3)).toEqual({ items: [3, 2, 1], nextCursor: null });
    expect(
      toPage(
        [],
        3,
        () => ID,
        (row) => row,
      ),
    ).toEqual({ items: [], nextCursor: null });
  });
});
