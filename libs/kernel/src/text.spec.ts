import { describe, expect, it } from '@jest/globals';

import { isPersonId } from './actor.js';
import { freeTextProblem, isDisplayName, isPlainName } from './text.js';

const DOES_NOT_SHOW = [
  ['a variation selector', 'heidi\ufe0f'],
  ['a grapheme joiner', 'he\u034fidi'],
  ['a Hangul filler', 'heidi\u3164'],
  ['a halfwidth filler', 'heidi\uffa0'],
  ['a zero-width space', 'he\u200bidi'],
  ['a zero-width joiner', 'heidi\u200d'],
  ['a soft hyphen', 'hei\u00addi'],
  ['a tag', 'heidi\u{e0041}'],
  ['private use', 'heidi\ue000'],
  ['what is not assigned', 'heidi\u0378'],
  ['a noncharacter', 'heidi\uffff'],
  ['a control', 'heidi\u0007'],
  ['a lone surrogate', 'heidi\ud800'],
  ['a line separator', 'hei\u2028di'],
  ['a braille blank', 'heidi\u2800'],
  ['a blank at the end', 'heidi '],
  ['a no-break space', 'heidi\u00a0h'],
  ['another form', '\uff48eidi'],
  ['a letter and its accent apart', 'zoe\u0308'],
] as const;

describe('names', () => {
  it.each(DOES_NOT_SHOW)('of people, roles and groups have not: %s', (_, name) => {
    expect([isPersonId(name), isPlainName(name), isDisplayName(name)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it.each(['heidi', 'zoë', 'Zoë O’Neil 😀', 'heidi@corp.example', 'auth0|4711', '田中', 'महेश'])(
    'may be %s',
    (name) => {
      expect([isPersonId(name), isPlainName(name), isDisplayName(name)]).toEqual([
        true,
        true,
        true,
      ]);
    },
  );

  it('may have joiners inside of words when they are what a person is called, and no other', () => {
    for (const joined of ['علی\u200cرضا', 'ශ්\u200dරී']) {
      expect([isDisplayName(joined), isPlainName(joined)]).toEqual([true, false]);
    }
    for (const other of ['\u200dHeidi', 'Heidi\u200c', 'Hei\u200d\u200ddi', 'Heidi \u200dH']) {
      expect(isDisplayName(other)).toBe(false);
    }
  });

  it.each(['system:x', 'role:head', 'group:desk'])('of people are not %s', (id) => {
    expect(isPersonId(id)).toBe(false);
  });
});

describe('free text', () => {
  it.each([
    ['a zero-width space', '\u200b'],
    ['fillers and selectors', '\u3164\ufe0f \u034f'],
    ['a braille blank', '\u2800'],
    ['blanks', ' \n\t'],
    ['a bidi override', 'fine \u202eenif'],
    ['a bidi embedding', 'fine \u202a'],
    ['a bidi isolate', 'fine \u2066x\u2069'],
    ['an escape', 'fine \u001b[2J'],
    ['a NUL', 'fine\u0000'],
    ['a return without a line feed', 'fine\rnot'],
    ['a C1 control', 'fine\u0085'],
    ['a lone surrogate', 'fine\ud800'],
  ])('has not %s', (_, text) => {
    expect(freeTextProblem(text)).toEqual(expect.any(String));
  });

  it.each([
    'fine',
    'a\tlist\nof\r\nlines',
    '👨\u200d👩\u200d👧 ❤\ufe0f',
    'ශ්\u200dරී',
    'می\u200cخواهم',
    'שלום\u200f.',
    '!',
  ])('may be %j', (text) => {
    expect(freeTextProblem(text)).toBeUndefined();
  });
});
