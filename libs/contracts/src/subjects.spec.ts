import { describe, expect, it } from '@jest/globals';

import { deadLetterSubject, eventSubject, PARTITIONS, partitionOf } from './subjects.js';

describe('subjects', () => {
  it('partition by 32-bit FNV-1a, as documented to subscribers', () => {
    // Reference values of FNV-1a: "" is 0x811c9dc5, "a" is 0xe40c292c, "foobar" is 0xbf9cf968.
    expect(partitionOf('')).toBe(0x811c9dc5 % PARTITIONS);
    expect(partitionOf('a')).toBe(0xe40c292c % PARTITIONS);
    expect(partitionOf('foobar')).toBe(0xbf9cf968 % PARTITIONS);
  });

  it('are evt.<category>.<event>.<partition>', () => {
    expect(eventSubject('approval.granted', 'foobar')).toBe(
      `evt.approval.granted.${0xbf9cf968 % 16}`,
    );
    expect(deadLetterSubject('trades.executed')).toBe('dead.trades.executed');
  });
});
