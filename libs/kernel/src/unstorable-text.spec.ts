import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { findUnstorableText, mayHoldUnstorableText } from './unstorable-text.js';

describe('text that jsonb cannot hold', () => {
  it('is found where it is', () => {
    expect(findUnstorableText({ a: [{ 'b/c': 'x\u0000' }] })).toBe('/a/0/b~1c');
    expect(findUnstorableText({ a: '\ud83d' })).toBe('/a');
    expect(findUnstorableText({ a: '\ud83d\ude00' })).toBeUndefined();
    expect(findUnstorableText({ 'k\u0000': 1 })).toBeDefined();
  });

  it('is never missed by the quick look at serialised JSON', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u0000', '\udc00', '\\u0000'),
    );
    fc.assert(
      fc.property(fc.dictionary(text, text), (value) => {
        if (findUnstorableText(value) !== undefined) {
          expect(mayHoldUnstorableText(JSON.stringify(value))).toBe(true);
        }
      }),
    );
  });
});
