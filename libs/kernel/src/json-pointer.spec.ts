import { describe, expect, it } from '@jest/globals';

import { valueAt } from './json-pointer.js';

describe('valueAt', () => {
  const document = { a: [1, { b: null }], 'x/y': { '~': 2 }, '': 3, o: { '0': 4, '-': 5 } };

  it.each([
    ['/a/0', 1],
    ['/a/1/b', null],
    ['/x~1y/~0', 2],
    ['/', 3],
    ['/o/0', 4],
    ['/o/-', 5],
  ])('finds %s', (pointer, value) => {
    expect(valueAt(document, pointer)).toBe(value);
  });

  it.each([
    '/a/length',
    '/a/2',
    '/a/-',
    '/a/00',
    '/a/-1',
    '/a/1.0',
    '/a/1e0',
    '/a/',
    '/a/0/b',
    '/toString',
    '/__proto__',
    '/a/at',
  ])('finds nothing at %s', (pointer) => {
    expect(valueAt(document, pointer)).toBeUndefined();
  });
});
