import { Organisation, type Person } from '@countersign/state-machine';
import { codeOf } from '@countersign/testing';
import { describe, expect, it } from '@jest/globals';

import { mustBeDecidable } from './decidable.js';

const administrator = (id: string, more: Partial<Person> = {}): Person => ({
  id,
  name: id,
  roles: [],
  groups: ['workflow-admins'],
  active: true,
  ...more,
});
const people = [
  administrator('alice'),
  administrator('bob', { logins: ['bob@desk'] }),
  administrator('carol'),
  administrator('dave', { active: false }),
  administrator('erin', { groups: [] }),
];
const approvers = ['group:workflow-admins'];

const asked = (
  level: 'SINGLE' | 'DUAL',
  excluded: readonly string[],
  known: readonly Person[] = people,
) =>
  codeOf(() =>
    mustBeDecidable({ level, approvers }, excluded, new Organisation({ people: known })),
  );

describe('whether an approval of a bulk job can be given', () => {
  it.each([
    ['by one administrator besides who asks and started', 'SINGLE', ['alice', 'bob'], undefined],
    ['by none', 'SINGLE', ['alice', 'bob', 'carol'], 'approval.quorum-unreachable'],
    [
      'by none, as logins are people',
      'SINGLE',
      ['alice', 'bob@desk', 'carol'],
      'approval.quorum-unreachable',
    ],
    ['by one where it takes two', 'DUAL', ['alice', 'bob'], 'approval.quorum-unreachable'],
    ['by two', 'DUAL', ['alice'], undefined],
    ['whoever else started', 'DUAL', ['alice', 'erin', 'system:trigger'], undefined],
  ] as const)('%s', (_, level, excluded, code) => {
    expect(asked(level, excluded)).toBe(code);
  });

  it('is not asked where nobody is known', () => {
    expect(asked('SINGLE', ['alice'], [])).toBeUndefined();
  });
});
