import { addBusinessDuration, parseDirectory } from '@countersign/state-machine';
import { describe, expect, it } from '@jest/globals';

import { devDirectory } from './dev-directory.js';

describe('the directory of the development issuer', () => {
  it('is one', () => {
    expect(parseDirectory(devDirectory)).toEqual(devDirectory);
  });

  it('has people who are no administrators', () => {
    const plain = devDirectory.people.filter(({ groups }) => !groups.includes('workflow-admins'));
    expect(plain.map(({ id }) => id)).toEqual(['ivan', 'judy', 'umar', 'yara']);
  });

  it.each([
    ['london', '2026-12-24T12:00:00Z', '2026-12-29T12:00:00.000Z'],
    ['london', '2027-03-25T12:00:00Z', '2027-03-30T11:00:00.000Z'],
    ['new-york', '2026-07-02T14:00:00Z', '2026-07-06T14:00:00.000Z'],
    ['new-york', '2026-11-25T15:00:00Z', '2026-11-27T15:00:00.000Z'],
  ])('knows the holidays of %s: a working day after %s', (name, start, end) => {
    const calendar = devDirectory.calendars?.find((each) => each.name === name);
    expect(calendar && addBusinessDuration(new Date(start), 'P1D', calendar)).toEqual(
      new Date(end),
    );
  });
});
