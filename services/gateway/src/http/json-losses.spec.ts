import { canonicalJson } from '@countersign/kernel';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { lossIn } from './json-losses.js';

const loss = (text: string) => lossIn(text, JSON.parse(text));
const inexact = (number: string) => loss(`{"a":[${number}]}`)?.what === 'inexact-number';

describe('what a JSON text would lose', () => {
  it.each([
    ...['0', '-0', '-0.0', '0e5', '1.0', '1.50', '9007199254740992', '-9007199254740991'],
    ...['0.1', '0.30000000000000004', '1e20', '100000000000000000000', '1E+2', '5e-324'],
    ...['1.7976931348623157e308', '123456789012345.6', '1234567890123450000000'],
  ])('is nothing of %s', (number) => {
    expect(inexact(number)).toBe(false);
  });

  it.each([
    ...['9007199254740993', '-9007199254740993', '12345678901234567890', '1e400', '1e-400'],
    ...['0.1000000000000000055', '1234567890123.456789'],
  ])('are digits of %s', (number) => {
    expect(inexact(number)).toBe(true);
  });

  it('is nothing of any value that was written from memory', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (a, b) => {
        expect(loss(`{"a":${a},"b":[${b}]}`)).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (number) => {
        expect(inexact(canonicalJson(number))).toBe(false);
      }),
    );
  });

  it('is a member of any name that is there twice, at any depth', () => {
    const nest = (text: string, depth: number): string =>
      depth === 0 ? text : `[{"x:y":"\\"7\\\\","z":${nest(text, depth - 1)}}]`;
    const name = fc.string().filter((each) => each !== '__proto__');
    fc.assert(
      fc.property(name, fc.json(), fc.json(), fc.nat(5), (each, a, b, depth) => {
        const member = JSON.stringify(each);
        const twice = nest(`{${member}:${a}, "between":0 , ${member} : ${b}}`, depth);
        expect(loss(twice)).toMatchObject({ what: 'doubled-member' });
        expect(loss(nest(`{${member}:${a}}`, depth))).toBeUndefined();
      }),
    );
  });

  it('is found in time that grows with the text', () => {
    const digits = `1.${'0'.repeat(1_000_000)}1`;
    const started = performance.now();
    expect(inexact(digits)).toBe(true);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
