import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { canonicalJson, hashOf, isJson, isJsonObject } from './json.js';

describe('canonical JSON', () => {
  it('is that of RFC 8785', () => {
    const value = { '€': 1, a: { z: [1e21, 0.000001, -0], b: '\u2028"\\\n' }, 1: true };
    expect(canonicalJson(value)).toBe(
      '{"1":true,"a":{"b":"\u2028\\"\\\\\\n","z":[1e+21,0.000001,0]},"€":1}',
    );
  });

  it('gives equal values equal hashes, whatever the order of their keys', () => {
    expect(hashOf({ a: 1, b: [2, { d: 3, c: 4 }] })).toBe(hashOf({ b: [2, { c: 4, d: 3 }], a: 1 }));
  });
});

describe('JSON values', () => {
  it('are all that JSON.parse yields, and what is no object is no JSON object', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        expect(isJson(value)).toBe(true);
        expect(isJsonObject(value)).toBe(text.trimStart().startsWith('{'));
      }),
    );
  });

  it.each([
    ['undefined', undefined],
    ['a number that is none', Number.NaN],
    ['an infinite number', Infinity],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a date', new Date(0)],
    ['a map', new Map()],
  ])('%s is none, wherever it lies', (_, value) => {
    expect(isJson(value)).toBe(false);
    expect(isJsonObject({ a: [{ b: value }] })).toBe(false);
  });
});
